import { decodeBase64url, encodeBase64url } from '../attestation/base64url.ts'
import { decodePem } from '../attestation/key.ts'
import { fail, ok, type Result } from '../result.ts'
import { bytesOf, joinBytes } from './domain.ts'

/** The one key agreement and the one cipher of ATH 0.1 (U8). */
export const keyExchangeAlg = 'ECDH-P256'
export const cipherSuite = 'AES-256-GCM'

const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const

/** An ephemeral key of one side, for one handshake. */
export interface KeyShare {
  readonly privateKey: CryptoKey
  /** What goes into `key_exchange_params`. */
  readonly params: {
    readonly kty: 'EC'
    readonly crv: 'P-256'
    readonly x: string
    readonly y: string
  }
}

export async function createKeyShare(): Promise<KeyShare> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ecdh, false, ['deriveBits'])
  const { x, y } = (await crypto.subtle.exportKey('jwk', publicKey)) as { x: string; y: string }
  return { privateKey, params: { kty: 'EC', crv: 'P-256', x, y } }
}

/**
 * Reads the peer's `key_exchange_params`: a public JWK, the base64url of an uncompressed point, or PEM SPKI. Importing
 * checks that the point is on the curve: another one would give the private key away bit by bit.
 */
export async function readKeyShare(
  params: string | Readonly<Record<string, unknown>>,
): Promise<Result<CryptoKey, 'key_share_malformed'>> {
  const imported = await importShare(params).catch(() => undefined)
  return imported ? ok(imported) : fail('key_share_malformed')
}

async function importShare(
  params: string | Readonly<Record<string, unknown>>,
): Promise<CryptoKey | undefined> {
  if (typeof params !== 'string') {
    const { kty, crv, x, y, d } = params
    if (kty !== 'EC' || crv !== 'P-256' || d !== undefined) return undefined
    if (typeof x !== 'string' || typeof y !== 'string') return undefined
    return crypto.subtle.importKey('jwk', { kty, crv, x, y }, ecdh, true, [])
  }
  const spki = decodePem(params.trim())
  if (spki) return crypto.subtle.importKey('spki', spki, ecdh, true, [])
  const point = decodeBase64url(params)
  if (point?.length !== 65 || point[0] !== 4) return undefined
  return crypto.subtle.importKey('raw', point, ecdh, true, [])
}

/** The secrets of one session (U8). All are base64url, so that they can be sealed and stored as one text. */
export interface SessionKeys {
  readonly keyC2s: string
  readonly keyS2c: string
  readonly ivC2s: string
  readonly ivS2c: string
  /** For whoever needs a secret bound to this session later (RFC 5705's idea). */
  readonly exporter: string
}

/**
 * HKDF-SHA-256 over the shared x coordinate, salted with the hash of the whole transcript: two sides that saw different
 * messages get different keys. Labels end with `0x00 ‖ handshake_id`.
 */
export async function deriveSessionKeys(
  own: CryptoKey,
  peer: CryptoKey,
  transcriptHash: Uint8Array<ArrayBuffer>,
  handshakeId: string,
): Promise<SessionKeys> {
  const shared = await crypto.subtle.deriveBits({ name: 'ECDH', public: peer }, own, 256)
  const material = await crypto.subtle.importKey('raw', shared, 'HKDF', false, ['deriveBits'])
  const expand = async (label: string, bytes: number) => {
    const info = joinBytes([bytesOf(label), Uint8Array.of(0), bytesOf(handshakeId)])
    const bits = await crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: transcriptHash, info },
      material,
      bytes * 8,
    )
    return encodeBase64url(new Uint8Array(bits))
  }
  return {
    keyC2s: await expand('ATH/0.1 key c2s', 32),
    keyS2c: await expand('ATH/0.1 key s2c', 32),
    ivC2s: await expand('ATH/0.1 iv c2s', 12),
    ivS2c: await expand('ATH/0.1 iv s2c', 12),
    exporter: await expand('ATH/0.1 exporter', 32),
  }
}
