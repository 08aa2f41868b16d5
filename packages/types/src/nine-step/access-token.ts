import { z } from 'zod'
import { decodeJsonObject, type JwsVerifier, parseJws, verifyJws } from '../jws/jws.ts'
import { fail, ok, type Result } from '../result.ts'
import { scopeSchema } from '../schema/text.ts'

/** `typ` of an access token (RFC 9068 §2.1). */
export const accessTokenTyp = 'at+jwt'

const instant = z.number().int().nonnegative()
export const accessTokenClaimsSchema = z.looseObject({
  iss: z.string().min(1),
  aud: z.string().min(1),
  sub: z.string().min(1),
  client_id: z.string().min(1),
  ath_agent_id: z.string().min(1),
  /** The services it opens. */
  ath_provider: z.array(z.string().min(1)).min(1).max(100),
  /** Space-separated, as the handshake names scopes. */
  scope: z
    .string()
    .refine((scope) => scope.split(' ').every((name) => scopeSchema.safeParse(name).success)),
  iat: instant,
  exp: instant,
  jti: z.string().min(16).max(128),
  /** The session it belongs to. */
  sid: z.string().min(1).max(128),
  cnf: z.looseObject({ jkt: z.string().min(1).max(64) }),
})
/** The access token of a session (U9, D17): RFC 9068, ES256, at most an hour. */
export type AccessTokenClaims = z.infer<typeof accessTokenClaimsSchema>

export type AccessTokenFault = 'malformed' | 'not_ours' | 'signature_wrong'

/** Whether a text says that it is an access token of this issuer. Nothing is proven: it tells whose business the token is. */
export function isSessionTokenOf(text: string, issuer: string): boolean {
  const jws = parseJws(text, 8192)
  if (!jws.ok || jws.value.header['typ'] !== accessTokenTyp) return false
  const claims = decodeJsonObject(jws.value.payload)
  // The app may be its own OAuth server, with tokens of the same form (RFC 9068) under the same name.
  return claims?.['iss'] === issuer && 'ath_agent_id' in claims
}

/** Takes only what this issuer signed with this key for itself. Expiry is the caller's question: an old token is still ours. */
export async function readAccessToken(
  jwt: string,
  expected: { readonly issuer: string },
  verifier: JwsVerifier,
): Promise<Result<AccessTokenClaims, AccessTokenFault>> {
  const jws = parseJws(jwt, 8192)
  if (!jws.ok) return fail('malformed')
  const claims = accessTokenClaimsSchema.safeParse(decodeJsonObject(jws.value.payload))
  if (!claims.success) return fail('malformed')
  if (claims.data.iss !== expected.issuer || claims.data.aud !== expected.issuer)
    return fail('not_ours')
  const verified = await verifyJws(jws.value, accessTokenTyp, verifier)
  return verified.ok ? ok(claims.data) : fail('signature_wrong')
}
