import { encodeBase64url } from './base64url.ts'

export interface AttestationRequest {
  /** The agent's identity document URL. */
  readonly agentId: string
  /** Who shall accept it: the base URL, or the token endpoint's URL at the token endpoint (C4, C5). */
  readonly audience: string
  /** The agent's P-256 private key, usable for `sign`. */
  readonly key: CryptoKey
  readonly keyId: string
  /** Unix seconds. */
  readonly now: number
  /** Seconds until it expires. Default 300, at most 3600 (R35, C6). */
  readonly lifetimeSeconds?: number
  /** `agent_id` (default) or the agent's origin as `iss`: peers differ (C1). */
  readonly issuer?: 'agent_id' | 'origin'
  readonly capabilities?: readonly string[]
  /** `cnf.jkt`: the thumbprint of a key of its own that the agent uses in the nine-step handshake (U5). */
  readonly boundKey?: string
}

const encode = (value: unknown) => encodeBase64url(new TextEncoder().encode(JSON.stringify(value)))

/** Signs a fresh attestation, one per call: its `jti` is never used twice (R27, R28, R33, R39). */
export async function createAttestation(request: AttestationRequest): Promise<string> {
  const issuedAt = Math.floor(request.now)
  const lifetime = request.lifetimeSeconds ?? 300
  if (!Number.isInteger(lifetime) || lifetime < 1 || lifetime > 3600)
    throw new RangeError('lifetimeSeconds must be a whole number in 1..3600')
  const header = { alg: 'ES256', typ: 'JWT', kid: request.keyId }
  const claims = {
    iss: request.issuer === 'origin' ? new URL(request.agentId).origin : request.agentId,
    sub: request.agentId,
    aud: request.audience,
    iat: issuedAt,
    exp: issuedAt + lifetime,
    jti: encodeBase64url(crypto.getRandomValues(new Uint8Array(18))),
    ...(request.capabilities ? { capabilities: request.capabilities } : {}),
    ...(request.boundKey === undefined ? {} : { cnf: { jkt: request.boundKey } }),
  }
  const input = `${encode(header)}.${encode(claims)}`
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    request.key,
    new TextEncoder().encode(input),
  )
  return `${input}.${encodeBase64url(new Uint8Array(signature))}`
}
