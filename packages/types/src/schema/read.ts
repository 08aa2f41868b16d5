import type { z } from 'zod'
import type { FieldError } from '../errors/failure.ts'
import { fail, ok, type Result } from '../result.ts'

/** Reads a wire object. On failure every fault is named by its path, none by its value: bodies hold secrets. */
export function readWire<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Result<z.infer<Schema>, readonly FieldError[]> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  return fail(
    parsed.error.issues.map((issue) => ({ path: renderPath(issue.path), problem: issue.message })),
  )
}

function renderPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number'
        ? `${text}[${part}]`
        : text
          ? `${text}.${String(part)}`
          : String(part),
    '',
  )
}
