import { sessionTokenHash } from '../secret/hash.ts'
import {
  type AccessTokenClaims,
  type Clock,
  type Failure,
  fail,
  type JwsVerifier,
  ok,
  type ProviderId,
  readAccessToken,
  type Result,
} from '@ath-protocol/types'
import type { LiveToken } from './live-token.ts'

/** Whether a JWT is an access token that this gateway signed, however old. Failures: `token_malformed`, `token_unknown`. */
export type ReadSessionToken = (jwt: string) => Promise<Result<AccessTokenClaims, Failure>>

/** Without a key no session was ever opened here. */
export function sessionTokenReader(
  issuer: string,
  verifier: JwsVerifier | undefined,
): ReadSessionToken {
  return async (jwt) => {
    if (!verifier) return fail({ reason: 'token_unknown' })
    const read = await readAccessToken(jwt, { issuer }, verifier)
    if (read.ok) return ok(read.value)
    return fail({ reason: read.error === 'malformed' ? 'token_malformed' : 'token_unknown' })
  }
}

/**
 * A session's token at one provider. The signature comes first: nothing is looked up for a token that this gateway never
 * gave. Then the token is judged before the provider (C16).
 */
export async function loadSessionToken(
  by: {
    readonly readSessionToken: ReadSessionToken
    readonly load: (hash: string) => Promise<Result<LiveToken, Failure>>
    readonly clock: Clock
  },
  jwt: string,
  providerId: ProviderId,
): Promise<Result<LiveToken, Failure>> {
  const claims = await by.readSessionToken(jwt)
  if (!claims.ok) return claims
  const { jti, ath_provider: opened, exp } = claims.value
  const opens = opened.includes(providerId)
  const found = await by.load(sessionTokenHash(jti, opens ? providerId : (opened[0] as string)))
  const now = by.clock.now()
  if (!found.ok)
    // Records of old tokens are swept away; the signature still says whose it was.
    return found.error.reason === 'token_unknown' && now >= exp
      ? fail({ reason: 'token_expired' })
      : found
  if (opens) return found
  if (found.value.revokedAt !== undefined) return fail({ reason: 'token_revoked' })
  if (now >= found.value.expiresAt) return fail({ reason: 'token_expired' })
  return fail({ reason: 'provider_differs', got: providerId, bound: opened.join(' ') })
}
