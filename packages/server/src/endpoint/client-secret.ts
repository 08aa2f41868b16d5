import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Registration } from '../ports/registry.ts'
import { matchesHash } from '../secret/hash.ts'

/** Checks a client secret against the current one, and the previous one while a rotation overlaps. */
export function checkClientSecret(
  agent: Registration,
  secret: string,
  now: number,
): Result<void, Failure> {
  if (matchesHash(secret, agent.secretHash)) return ok(undefined)
  const previous = agent.previousSecret
  if (previous && now < previous.until && matchesHash(secret, previous.hash)) return ok(undefined)
  return fail({ reason: 'client_secret_wrong' })
}
