import { type Failure, fail, ok, prefix, type Result } from '@ath-protocol/types'

/** `ath_tk_` and 256 random bits as base64url (R90, C23). */
const tokenForm = new RegExp(`^${prefix.token}[A-Za-z0-9_-]{43}$`)
const bearerForm = /^bearer +(\S.*)$/i

/**
 * The access token of an `Authorization` value (R91). Checks its form only, so that what cannot be a token costs no
 * look-up. Failures: `token_absent` (also for other schemes), `token_malformed`.
 */
export function readBearer(authorization: string | undefined): Result<string, Failure> {
  const token = bearerForm.exec(authorization ?? '')?.[1]
  if (token === undefined) return fail({ reason: 'token_absent' })
  return tokenForm.test(token) ? ok(token) : fail({ reason: 'token_malformed' })
}
