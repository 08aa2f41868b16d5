import type { z } from 'zod'
import type { FieldError } from '../errors/failure.ts'
import { fail, ok, type Result } from '../result.ts'

/** More than a person mends at once; a short body may hold thousands, and each is answered and recorded. */
const mostFaults = 20

/** Reads a wire object. On failure the faults are named by their paths, none by its value: bodies hold secrets. */
export function readWire<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Result<z.infer<Schema>, readonly FieldError[]> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  return fail(
    parsed.error.issues
      .slice(0, mostFaults)
      .map((issue) => ({ path: renderPath(issue.path), problem: issue.message })),
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
