import { type Failure, fail, ok, prefix, type Result } from '@ath-protocol/types'

/** `ath_tk_` and 256 random bits as base64url (R90, C23). */
const tokenForm = new RegExp(`^${prefix.token}[A-Za-z0-9_-]{43}$`)
/** A compact JWS (RFC 7515 §7.1): the access token of a session (U9). */
const jwtForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const maxJwtLength = 8192
const bearerForm = /^bearer +(\S.*)$/i

export interface BearerToken {
  readonly text: string
  /** `session`: a JWT that may open several providers. */
  readonly kind: 'opaque' | 'session'
}

/**
 * The access token of an `Authorization` value (R91). Checks its form only, so that what cannot be a token costs no
 * look-up. Failures: `token_absent` (also for other schemes), `token_malformed`.
 */
export function readBearer(authorization: string | undefined): Result<BearerToken, Failure> {
  const text = bearerForm.exec(authorization ?? '')?.[1]
  if (text === undefined) return fail({ reason: 'token_absent' })
  if (tokenForm.test(text)) return ok({ text, kind: 'opaque' })
  return text.length <= maxJwtLength && jwtForm.test(text)
    ? ok({ text, kind: 'session' })
    : fail({ reason: 'token_malformed' })
}
