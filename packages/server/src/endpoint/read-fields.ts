import { type Failure, type FieldError, fail, ok, type Result, readWire } from '@ath-protocol/types'
import type { z } from 'zod'

type MissingFace = NonNullable<Extract<Failure, { reason: 'request_malformed' }>['face']>

/**
 * Reads a body by its wire schema. When a field is missing, the code is the one that ATH 0.1 peers answer for it, in
 * the order given (C15, C16); every other fault is INVALID_REQUEST with the fields named.
 */
export function readFields<Schema extends z.ZodType>(
  schema: Schema,
  body: Record<string, unknown>,
  missing: readonly (readonly [field: string, face: MissingFace])[],
): Result<z.infer<Schema>, Failure> {
  const read = readWire(schema, body)
  if (read.ok) return ok(read.value)
  const absent = missing.find(
    ([field]) => body[field] === undefined || body[field] === null || body[field] === '',
  )
  const errors: readonly FieldError[] = read.error
  return fail({ reason: 'request_malformed', errors, ...(absent ? { face: absent[1] } : {}) })
}
