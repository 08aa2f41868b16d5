import { hkdfSync, type webcrypto } from 'node:crypto'
import { sha256 } from './canonical.ts'

const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const

/** An ephemeral key of this side, for one handshake (U8). */
export interface KeyShare {
  readonly privateKey: CryptoKey
  readonly params: Readonly<Record<string, unknown>>
}

export async function createKeyShare(): Promise<KeyShare> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ecdh, false, ['deriveBits'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  return { privateKey, params: { kty, crv, x, y } }
}

export interface SessionKeys {
  readonly keyC2s: Uint8Array
  readonly keyS2c: Uint8Array
  readonly ivC2s: Uint8Array
  readonly ivS2c: Uint8Array
}

/** Derives the session's keys from both shares and the eight messages (U8). Rejects when the peer's share is no point of the curve. */
export async function deriveSessionKeys(
  own: KeyShare,
  peer: unknown,
  messages: readonly string[],
  handshakeId: string,
): Promise<SessionKeys> {
  const peerKey = await crypto.subtle.importKey('jwk', peer as webcrypto.JsonWebKey, ecdh, true, [])
  const shared = await crypto.subtle.deriveBits(
    { name: 'ECDH', public: peerKey },
    own.privateKey,
    256,
  )
  const salt = sha256(Buffer.concat(messages.map(sha256)))
  const expand = (label: string, length: number) =>
    new Uint8Array(
      hkdfSync(
        'sha256',
        new Uint8Array(shared),
        salt,
        Buffer.from(`ATH/0.1 ${label}\0${handshakeId}`),
        length,
      ),
    )
  return {
    keyC2s: expand('key c2s', 32),
    keyS2c: expand('key s2c', 32),
    ivC2s: expand('iv c2s', 12),
    ivS2c: expand('iv s2c', 12),
  }
}
