import { decodeBase64url, encodeBase64url } from '../attestation/base64url.ts'
import { fail, ok, type Result } from '../result.ts'

/** The algorithms of signatures in the nine-step handshake, in the server's order of preference (U11). */
export const signatureAlgorithms = ['ES256', 'EdDSA'] as const
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number]

/** A private key that may live outside the process. Signatures are raw: r‖s for ES256 (RFC 7518 §3.4), 64 bytes for both. */
export interface JwsSigner {
  readonly alg: SignatureAlgorithm
  readonly kid?: string
  sign(input: Uint8Array): Promise<Uint8Array>
}

/** A public key, ready to verify with. */
export interface JwsVerifier {
  readonly alg: SignatureAlgorithm
  readonly key: CryptoKey
}

export type JwsFault =
  | 'not_a_jws'
  | 'header_invalid'
  | 'alg_differs'
  | 'typ_differs'
  | 'crit_not_understood'
  | 'signature_wrong'

/** A compact JWS taken apart. Nothing in it is trusted before `verifyJws`. */
export interface ParsedJws {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Uint8Array<ArrayBuffer>
  readonly signingInput: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 JSON of an object; undefined for everything else. */
export function decodeJsonObject(
  bytes: Uint8Array | undefined,
): Record<string, unknown> | undefined {
  if (!bytes) return undefined
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Takes a compact JWS apart, strictly: canonical base64url, a JSON header, no `crit`, no `b64` (RFC 7515 §5.2, RFC 7797). */
export function parseJws(text: string, maxLength: number): Result<ParsedJws, JwsFault> {
  const parts = text.length > maxLength ? [] : text.split('.')
  const [head, body, mark] = parts
  if (parts.length !== 3 || !head || !body || !mark) return fail('not_a_jws')
  const payload = decodeBase64url(body)
  const signature = decodeBase64url(mark)
  if (!payload || !signature) return fail('not_a_jws')
  const header = decodeJsonObject(decodeBase64url(head))
  if (!header) return fail('header_invalid')
  if ('crit' in header || 'b64' in header) return fail('crit_not_understood')
  return ok({ header, payload, signingInput: encoder.encode(`${head}.${body}`), signature })
}

/**
 * Checks `typ`, then that `alg` is the key's own (never the message's choice), then the signature. 64 bytes exactly: a
 * DER signature has another length (RFC 7518 §3.4).
 */
export async function verifyJws(
  jws: ParsedJws,
  typ: string,
  { alg, key }: JwsVerifier,
): Promise<Result<void, JwsFault>> {
  if (jws.header['typ'] !== typ) return fail('typ_differs')
  if (jws.header['alg'] !== alg) return fail('alg_differs')
  if (jws.signature.length !== 64) return fail('signature_wrong')
  const algorithm = alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' }
  const valid = await crypto.subtle.verify(algorithm, key, jws.signature, jws.signingInput)
  return valid ? ok(undefined) : fail('signature_wrong')
}

/** Signs a compact JWS. `payload` is bytes, or claims to be written as JSON. */
export async function signJws(
  signer: JwsSigner,
  typ: string,
  payload: Uint8Array | object,
): Promise<string> {
  const header = { alg: signer.alg, typ, ...(signer.kid === undefined ? {} : { kid: signer.kid }) }
  const bytes = payload instanceof Uint8Array ? payload : encoder.encode(JSON.stringify(payload))
  const input = `${encodeBase64url(encoder.encode(JSON.stringify(header)))}.${encodeBase64url(bytes)}`
  return `${input}.${encodeBase64url(await signer.sign(encoder.encode(input)))}`
}

const detachedForm = /^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$/

/** A detached signature (RFC 7515 appendix F): `header..signature`, over a payload that both sides make for themselves. */
export async function signDetached(
  signer: JwsSigner,
  typ: string,
  payload: Uint8Array,
): Promise<string> {
  const [head, , mark] = (await signJws(signer, typ, payload)).split('.')
  return `${head}..${mark}`
}

/** Longer than any honest detached signature. */
const maxDetachedLength = 1024

export async function verifyDetached(
  text: string,
  typ: string,
  payload: Uint8Array,
  verifier: JwsVerifier,
): Promise<Result<void, JwsFault>> {
  const parts = detachedForm.exec(text)
  if (!parts || text.length > maxDetachedLength) return fail('not_a_jws')
  const whole = `${parts[1]}.${encodeBase64url(payload)}.${parts[2]}`
  const jws = parseJws(whole, whole.length)
  return jws.ok ? verifyJws(jws.value, typ, verifier) : jws
}

/** A WebCrypto private key as a signer. */
export function cryptoKeySigner(key: CryptoKey, alg: SignatureAlgorithm, kid?: string): JwsSigner {
  const algorithm = alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : { name: 'Ed25519' }
  return {
    alg,
    ...(kid === undefined ? {} : { kid }),
    sign: async (input) =>
      new Uint8Array(await crypto.subtle.sign(algorithm, key, input as Uint8Array<ArrayBuffer>)),
  }
}
