import {
  cryptoKeySigner,
  didOfKey,
  exportPem,
  importJwk,
  type JwsSigner,
  type PublicKey,
} from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { importPrivateKey } from '../key.ts'

/** What an agent, or a person, signs with in the nine-step handshake: P-256 (ES256) or Ed25519 (EdDSA). */
export interface HandshakeKey {
  readonly signer: JwsSigner
  readonly publicKey: PublicKey
  /** Self-certifying: `did:ath:<thumbprint>` (U4). */
  readonly did: string
}

/** A private key as JWK (RFC 7517): P-256 or Ed25519. */
export interface PrivateJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y?: string
  readonly d: string
}

/** PKCS #8 PEM or JWK text, a private JWK, or a pair of WebCrypto keys, which need not be extractable. */
export type HandshakeKeySource =
  | string
  | PrivateJwk
  | { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }

/** Throws `KEY_INVALID`, never with anything of the key. */
export async function readHandshakeKey(source: HandshakeKeySource): Promise<HandshakeKey> {
  try {
    const { privateKey, jwk } = await readPair(source)
    const publicKey = await importJwk(jwk)
    if (!publicKey.ok) throw new TypeError(publicKey.error)
    return {
      signer: cryptoKeySigner(privateKey, publicKey.value.alg, publicKey.value.thumbprint),
      publicKey: publicKey.value,
      did: didOfKey(publicKey.value),
    }
  } catch {
    throw new AthError('KEY_INVALID', {
      message: 'the key is neither a P-256 nor an Ed25519 private key in PKCS #8 PEM or JWK form',
    })
  }
}

export const publicKeyPem = ({ publicKey }: HandshakeKey): Promise<string> =>
  exportPem(publicKey.key)

async function readPair(
  source: HandshakeKeySource,
): Promise<{ readonly privateKey: CryptoKey; readonly jwk: object }> {
  if (typeof source === 'object' && 'privateKey' in source)
    return {
      privateKey: source.privateKey,
      jwk: await crypto.subtle.exportKey('jwk', source.publicKey),
    }
  const text = typeof source === 'string' ? source : JSON.stringify(source)
  const { key } = await importPrivateKey(text.trim(), ['P-256', 'Ed25519'])
  const { d, key_ops, ext, ...jwk } = await crypto.subtle.exportKey('jwk', key)
  return { privateKey: key, jwk }
}
