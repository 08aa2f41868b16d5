import { z } from 'zod'
import { fail, ok, type Result } from '../result.ts'
import { decodeBase64url } from './base64url.ts'
import type { AttestationFault } from './fault.ts'

/** Longer than any honest attestation; bounds the work that an unauthenticated caller can cause. */
const maxLength = 8192

const instant = z.number().int().nonnegative()
const claimsSchema = z.looseObject({
  iss: z.string().min(1).max(2048),
  sub: z.string().min(1).max(2048),
  // RFC 7519 lets `aud` be a list; a list that names others too could be replayed there, so only one string is taken.
  aud: z.string().min(1).max(2048),
  iat: instant,
  exp: instant,
  jti: z.string().min(1).max(256),
  capabilities: z.array(z.string().max(256)).max(100).optional(),
})
export type AttestationClaims = z.infer<typeof claimsSchema>

/** An attestation taken apart. Nothing in it is trusted yet: the signature is not checked here. */
export interface ParsedAttestation {
  readonly kid: string | undefined
  readonly claims: AttestationClaims
  readonly signingInput: Uint8Array<ArrayBuffer>
  /** r‖s, 64 bytes. */
  readonly signature: Uint8Array<ArrayBuffer>
}

const text = new TextDecoder('utf-8', { fatal: true })

function decodeJson(part: string): Record<string, unknown> | undefined {
  const bytes = decodeBase64url(part)
  if (!bytes) return undefined
  try {
    const value: unknown = JSON.parse(text.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads a compact JWS strictly (R27, R28, C2, C3): ES256 only, `typ` absent or JWT, all claims present.
 * Checked later: times and audience (`checkClaims`), the signature (`verifySignature`), replay.
 */
export function parseAttestation(jwt: string): Result<ParsedAttestation, AttestationFault> {
  const parts = jwt.length > maxLength ? [] : jwt.split('.')
  const [head, body, mark] = parts
  if (parts.length !== 3 || !head || !body || !mark) return fail({ kind: 'not_a_jws' })
  const header = decodeJson(head)
  if (!header) return fail({ kind: 'header_invalid' })
  if (header['alg'] !== 'ES256')
    return fail({ kind: 'alg_not_es256', evidence: JSON.stringify(header['alg']) ?? 'absent' })
  const typ = header['typ']
  if (typ !== undefined && !(typeof typ === 'string' && typ.toUpperCase() === 'JWT'))
    return fail({ kind: 'typ_not_jwt', evidence: JSON.stringify(typ) })
  if ('crit' in header || 'b64' in header) return fail({ kind: 'crit_not_understood' })
  const kid = header['kid']
  if (kid === undefined) return fail({ kind: 'claim_missing', claim: 'kid' })
  if (typeof kid !== 'string' || kid.length > 256)
    return fail({ kind: 'claim_invalid', claim: 'kid' })
  const payload = decodeJson(body)
  if (!payload) return fail({ kind: 'not_a_jws' })
  const claims = claimsSchema.safeParse(payload)
  if (!claims.success) {
    const claim = String(claims.error.issues[0]?.path[0] ?? '')
    return fail({ kind: claim in payload ? 'claim_invalid' : 'claim_missing', claim })
  }
  const signature = decodeBase64url(mark)
  // 64 bytes exactly: a DER signature has another length and another shape (RFC 7518 §3.4).
  if (!signature || signature.length !== 64)
    return fail({ kind: 'signature_wrong', evidence: 'length' })
  return ok({
    kid,
    claims: claims.data,
    signingInput: new TextEncoder().encode(`${head}.${body}`),
    signature,
  })
}
