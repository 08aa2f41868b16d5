import type { z } from 'zod'
import type { Answer } from '../wire/http.ts'
import { Unmet } from './verdict.ts'

/** Ends the check as failed unless `holds`. `otherwise` is a whole sentence: what was seen, and what was expected. */
export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Unmet(otherwise)
}

/** A refusal is 4xx; `status` and `code` narrow it. `sent` says what was sent, as the beginning of a sentence. */
export function expectRefused(
  answer: Answer,
  sent: string,
  wanted: { readonly status?: number | readonly number[]; readonly code?: string } = {},
): void {
  const statuses = wanted.status === undefined ? undefined : [wanted.status].flat()
  const rightStatus = statuses
    ? statuses.includes(answer.status)
    : answer.status >= 400 && answer.status < 500
  const rightCode = wanted.code === undefined || answer.json['code'] === wanted.code
  if (rightStatus && rightCode) return
  const expected = [statuses?.join(' or ') ?? 'a refusal (4xx)', wanted.code]
  throw new Unmet(
    `${sent}: answered ${describe(answer)}, expected ${expected.filter((part) => part !== undefined).join(' ')}`,
  )
}

export function expectStatus(answer: Answer, status: number, sent: string): void {
  expectThat(answer.status === status, `${sent}: answered ${describe(answer)}, expected ${status}`)
}

/** Fails where a call was refused. What an upstream says of a call that it got is its own matter. */
export function expectAdmitted(answer: Answer, sent: string): void {
  const { status, json } = answer
  const refused =
    status >= 500 || status === 401 || (status === 403 && typeof json['code'] === 'string')
  expectThat(!refused, `${sent}: answered ${describe(answer)}, expected to be let in`)
}

/** Reads an answer by a schema; the first member that does not fit is named. */
export function expectShape<T>(schema: z.ZodType<T>, answer: Answer, sent: string): T {
  const read = schema.safeParse(answer.json)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const at = issue?.path.join('.') || 'the body'
  throw new Unmet(`${sent}: in the answer ${describe(answer)}, ${at}: ${issue?.message}`)
}

/** Status and code of an answer, for sentences. */
export function describe({ status, json }: Answer): string {
  const { code, details } = json
  const reason =
    typeof details === 'object' && details !== null && 'reason' in details
      ? ` (${String(details.reason)})`
      : ''
  return typeof code === 'string' ? `${status} ${code}${reason}` : String(status)
}
