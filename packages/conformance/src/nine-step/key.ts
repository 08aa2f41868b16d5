import {
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
} from 'jose'

/** A P-256 key of an agent or a person, with its self-certifying DID (U4). */
export interface DidKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly thumbprint: string
  readonly did: string
  readonly pem: string
  readonly jwk: JWK
}

export async function createDidKey(): Promise<DidKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return describeDidKey({ privateKey, publicKey })
}

export async function describeDidKey({
  privateKey,
  publicKey,
}: Pick<DidKey, 'privateKey' | 'publicKey'>): Promise<DidKey> {
  const jwk = await exportJWK(publicKey)
  const thumbprint = await calculateJwkThumbprint(jwk)
  const pem = await exportSPKI(publicKey)
  return { privateKey, publicKey, thumbprint, pem, jwk, did: `did:ath:${thumbprint}` }
}

const handshakeTyp = 'ath-hs+jws'

/** A compact JWS over claims. */
export const signJwt = (key: DidKey, typ: string, claims: object): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', typ, kid: key.thumbprint })
    .sign(key.privateKey)

/** A detached JWS (RFC 7515 appendix F) of the handshake. */
export async function signDetached(key: DidKey, payload: Uint8Array): Promise<string> {
  const whole = await new CompactSign(payload)
    .setProtectedHeader({ alg: 'ES256', typ: handshakeTyp, kid: key.thumbprint })
    .sign(key.privateKey)
  const [header, , signature] = whole.split('.')
  return `${header}..${signature}`
}

/** Whether a detached signature of the handshake is by this key, over this. */
export async function isSignedBy(
  key: CryptoKey,
  signature: string,
  payload: Uint8Array,
): Promise<boolean> {
  const whole = signature.replace('..', `.${Buffer.from(payload).toString('base64url')}.`)
  const verified = await compactVerify(whole, key).catch(() => undefined)
  return verified?.protectedHeader.typ === handshakeTyp
}
