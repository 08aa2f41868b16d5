import { fail, ok, type Result } from '../result.ts'
import type { AttestationFault } from './fault.ts'
import type { AttestationClaims } from './parse.ts'

/** `iat` may be this far from now, either way (R32). */
export const issuedWindowSeconds = 300
/** `exp - iat` may be at most this: one hour, plus a minute for clients that round (R35, C6). */
export const maxLifetimeSeconds = 3660

export interface AttestationExpectation {
  /** The audiences of which one must be named exactly (C4, C5). */
  readonly audiences: readonly string[]
  /** When set, `sub` must be this agent (R36). */
  readonly agentId?: string
  /** Unix seconds. */
  readonly now: number
}

/** Checks everything in the claims that needs no key and no network, so that a bad one costs neither (R30–R32, R36, C1, C6). */
export function checkClaims(
  claims: AttestationClaims,
  expected: AttestationExpectation,
): Result<void, AttestationFault> {
  const { now } = expected
  if (Math.abs(now - claims.iat) > issuedWindowSeconds)
    return fail({
      kind: 'issued_outside_window',
      claim: 'iat',
      evidence: `${Math.round(now - claims.iat)} s`,
    })
  if (claims.exp <= now) return fail({ kind: 'expired', claim: 'exp' })
  if (claims.exp - claims.iat > maxLifetimeSeconds)
    return fail({ kind: 'lifetime_too_long', claim: 'exp' })
  if (!expected.audiences.includes(claims.aud))
    return fail({ kind: 'audience_differs', claim: 'aud', evidence: claims.aud })
  if (!URL.canParse(claims.sub)) return fail({ kind: 'agent_id_invalid', claim: 'sub' })
  if (claims.iss !== claims.sub && claims.iss !== new URL(claims.sub).origin)
    return fail({ kind: 'issuer_differs', claim: 'iss', evidence: claims.iss })
  if (expected.agentId !== undefined && claims.sub !== expected.agentId)
    return fail({ kind: 'subject_differs', claim: 'sub', evidence: claims.sub })
  return ok(undefined)
}
