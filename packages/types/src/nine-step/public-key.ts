import { decodeBase64url, encodeBase64url } from '../attestation/base64url.ts'
import { decodePem } from '../attestation/key.ts'
import type { JwsVerifier, SignatureAlgorithm } from '../jws/jws.ts'
import { fail, ok, type Result } from '../result.ts'
import { bytesOf, sha256 } from './domain.ts'

/** The public keys of the handshake: P-256 for ES256, Ed25519 for EdDSA (D3). */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }

/** A public key, checked to be on its curve, and its RFC 7638 SHA-256 thumbprint as base64url. */
export interface PublicKey extends JwsVerifier {
  readonly jwk: PublicJwk
  readonly thumbprint: string
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' } as const
const ed25519 = { name: 'Ed25519' } as const

/** Imports a JWK, dropping every member but those of the key itself. A private key is refused: whoever read it can sign. */
export async function importJwk(jwk: unknown): Promise<Result<PublicKey, 'key_malformed'>> {
  if (typeof jwk !== 'object' || jwk === null || 'd' in jwk) return fail('key_malformed')
  const { kty, crv, x, y } = jwk as Record<string, unknown>
  if (typeof x !== 'string') return fail('key_malformed')
  if (kty === 'EC' && crv === 'P-256' && typeof y === 'string')
    return finish({ kty, crv, x, y }, 'ES256')
  if (kty === 'OKP' && crv === 'Ed25519') return finish({ kty, crv, x }, 'EdDSA')
  return fail('key_malformed')
}

/** Imports `client_pubkey` or `server_pubkey`: PEM SPKI, as in the examples, or a JWK as text. */
export async function importKeyText(text: string): Promise<Result<PublicKey, 'key_malformed'>> {
  const trimmed = text.trim()
  if (trimmed.startsWith('{')) {
    try {
      return await importJwk(JSON.parse(trimmed))
    } catch {
      return fail('key_malformed')
    }
  }
  const spki = decodePem(trimmed)
  if (!spki) return fail('key_malformed')
  for (const algorithm of [ecdsa, ed25519]) {
    const key = await crypto.subtle
      .importKey('spki', spki, algorithm, true, ['verify'])
      .catch(() => undefined)
    if (key) return importJwk(await crypto.subtle.exportKey('jwk', key))
  }
  return fail('key_malformed')
}

/** RFC 7638: the hash of the key's required members, sorted. */
export async function thumbprintOf(jwk: PublicJwk): Promise<string> {
  const members =
    jwk.kty === 'EC'
      ? { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y }
      : { crv: jwk.crv, kty: jwk.kty, x: jwk.x }
  return encodeBase64url(await sha256(bytesOf(JSON.stringify(members))))
}

/** PEM SPKI, as `client_pubkey` and `server_pubkey` carry it. */
export async function exportPem(key: CryptoKey): Promise<string> {
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', key))
  const base64 = btoa(String.fromCharCode(...spki))
  return `-----BEGIN PUBLIC KEY-----\n${(base64.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PUBLIC KEY-----\n`
}

async function finish(
  jwk: PublicJwk,
  alg: SignatureAlgorithm,
): Promise<Result<PublicKey, 'key_malformed'>> {
  // One spelling, so that one key has one thumbprint.
  if (decodeBase64url(jwk.x)?.length !== 32) return fail('key_malformed')
  if (jwk.kty === 'EC' && decodeBase64url(jwk.y)?.length !== 32) return fail('key_malformed')
  const algorithm = jwk.kty === 'EC' ? ecdsa : ed25519
  const key = await crypto.subtle
    .importKey('jwk', { ...jwk }, algorithm, true, ['verify'])
    .catch(() => undefined)
  return key ? ok({ alg, key, jwk, thumbprint: await thumbprintOf(jwk) }) : fail('key_malformed')
}
