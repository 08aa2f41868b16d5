import type { PreAuthorization } from '../ports/nine-step.ts'

/** How a permission given ahead stands at an instant. */
export function authorizationStatus(
  { oneTime, revokedAt, usedAt, expiresAt }: PreAuthorization,
  now: number,
): 'live' | 'used' | 'expired' | 'revoked' {
  if (revokedAt !== undefined) return 'revoked'
  if (oneTime && usedAt !== undefined) return 'used'
  return expiresAt <= now ? 'expired' : 'live'
}

/** A permission given ahead as programs read it. */
export function authorizationView(authorization: PreAuthorization, now: number): object {
  const { usedAt } = authorization
  return {
    id: authorization.id,
    status: authorizationStatus(authorization, now),
    client_did: authorization.clientDid,
    scopes: authorization.scopes,
    one_time: authorization.oneTime,
    made_by: authorization.madeBy,
    created_at: Math.floor(authorization.createdAt),
    expires_at: Math.floor(authorization.expiresAt),
    ...(usedAt === undefined ? {} : { used_at: Math.floor(usedAt) }),
  }
}
