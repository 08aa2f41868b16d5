import { type SignatureAlgorithm, signatureAlgorithms } from '../jws/jws.ts'
import { fail, ok, type Result } from '../result.ts'
import { athVersion } from '../version.ts'
import type { HandshakeFault } from './fault.ts'
import type { HandshakeRequest } from './messages.ts'

/** Signatures over a domain-separated transcript (U1). Without it a client signs bare nonces, and we do not. */
export const transcriptCapability = 'ATH-HS-JWS'
/** Later requests are encrypted with the session's keys (U10). */
export const encryptionCapability = 'ATH-ENC'

export interface Negotiated {
  readonly version: string
  readonly alg: SignatureAlgorithm
  readonly encrypted: boolean
  /** What both can, in the server's order; the first is the signature algorithm. Goes into step 2. */
  readonly capabilities: readonly string[]
}

/**
 * The highest common version and the server's most preferred common algorithm of those that the client's key is for (U11,
 * D21). `TLS1.3` is information: the
 * listener decides about TLS. Both messages are signed over, so that a downgrade on the way shows.
 */
export function negotiate(
  request: Pick<HandshakeRequest, 'versions' | 'capabilities'>,
  server: {
    readonly encryption: 'off' | 'offered' | 'required'
    /** What the client's key can sign with; default: whatever it offers. */
    readonly keyAlg?: SignatureAlgorithm
  },
): Result<Negotiated, HandshakeFault> {
  if (!request.versions.includes(athVersion))
    return fail({ kind: 'version_unsupported', evidence: request.versions.join(' ') })
  const offered = new Set(request.capabilities)
  if (!offered.has(transcriptCapability)) return fail({ kind: 'bare_nonce' })
  const usable = signatureAlgorithms.filter((alg) => alg === (server.keyAlg ?? alg))
  const alg = usable.find((candidate) => offered.has(candidate))
  if (!alg) return fail({ kind: 'algorithm_unsupported', evidence: request.capabilities.join(' ') })
  const encrypted = server.encryption !== 'off' && offered.has(encryptionCapability)
  if (server.encryption === 'required' && !encrypted)
    return fail({
      kind: 'algorithm_unsupported',
      member: encryptionCapability,
      evidence: `${encryptionCapability} is required`,
    })
  const shared = ['TLS1.3', transcriptCapability].filter((capability) => offered.has(capability))
  return ok({
    version: athVersion,
    alg,
    encrypted,
    capabilities: [alg, ...shared, ...(encrypted ? [encryptionCapability] : [])],
  })
}
