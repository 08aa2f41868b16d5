import { createECDH, createHash } from 'node:crypto'
import {
  cryptoKeySigner,
  didKeyOf,
  didOfKey,
  encodeBase64url,
  exportPem,
  importJwk,
  type JwsSigner,
  type PublicKey,
  type SignatureAlgorithm,
} from '@ath-protocol/types'

/** A key pair that everybody can make again: its private half is a hash of its name. For tests only. */
export interface VectorKey {
  readonly signer: JwsSigner
  readonly publicKey: PublicKey
  readonly did: string
  readonly shown: {
    readonly private_jwk: Readonly<Record<string, string>>
    readonly public_jwk: object
    readonly thumbprint: string
    readonly did_ath: string
    readonly did_key: string
    readonly pem: string
  }
}

const seedOf = (name: string): Uint8Array =>
  createHash('sha256').update(`ATH/0.1 test vector key: ${name}`).digest()

/** P-256 from a private scalar. */
export function p256Jwk(name: string): Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'd', string>> {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(seedOf(name))
  const point = Uint8Array.from(ecdh.getPublicKey())
  return {
    kty: 'EC',
    crv: 'P-256',
    x: encodeBase64url(point.subarray(1, 33)),
    y: encodeBase64url(point.subarray(33)),
    d: encodeBase64url(seedOf(name)),
  }
}

async function ed25519Jwk(
  name: string,
): Promise<Readonly<Record<'kty' | 'crv' | 'x' | 'd', string>>> {
  const header = Uint8Array.from(Buffer.from('302e020100300506032b657004220420', 'hex'))
  const pkcs8 = Uint8Array.from([...header, ...seedOf(name)])
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'Ed25519' }, true, ['sign'])
  const { x = '', d = '' } = await crypto.subtle.exportKey('jwk', key)
  return { kty: 'OKP', crv: 'Ed25519', x, d }
}

export async function vectorKey(
  name: string,
  alg: SignatureAlgorithm = 'ES256',
): Promise<VectorKey> {
  const jwk = alg === 'ES256' ? p256Jwk(name) : await ed25519Jwk(name)
  const algorithm = alg === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : { name: 'Ed25519' }
  const privateKey = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
  const { d: _private, ...open } = jwk
  const imported = await importJwk(open)
  if (!imported.ok) throw new TypeError(`the key ${name} is not on its curve`)
  const publicKey = imported.value
  return {
    signer: cryptoKeySigner(privateKey, alg, publicKey.thumbprint),
    publicKey,
    did: didOfKey(publicKey),
    shown: {
      private_jwk: jwk,
      public_jwk: publicKey.jwk,
      thumbprint: publicKey.thumbprint,
      did_ath: didOfKey(publicKey),
      did_key: await didKeyOf(publicKey),
      pem: await exportPem(publicKey.key),
    },
  }
}
