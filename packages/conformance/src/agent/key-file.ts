import { createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { importJWK, type JWK } from 'jose'
import { UsageError } from '../usage-error.ts'

export interface KeyPair {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** Reads a P-256 private key: PKCS #8 PEM, or a JWK. `name` says in errors where it came from. */
export async function readKey(text: string, name: string): Promise<KeyPair> {
  const key = parse(text)
  if (!key) throw new UsageError(`${name} is no private key: write PKCS #8 PEM or a JWK`)
  const jwk = key.export({ format: 'jwk' })
  if (jwk.crv !== 'P-256') throw new UsageError(`${name} is not a P-256 key: ATH signs with ES256`)
  const shown = createPublicKey(key).export({ format: 'jwk' })
  const load = async (from: object) =>
    (await importJWK(from as JWK, 'ES256', { extractable: true })) as CryptoKey
  return { privateKey: await load(jwk), publicKey: await load(shown) }
}

function parse(text: string): KeyObject | undefined {
  try {
    return text.trim().startsWith('{')
      ? createPrivateKey({ key: JSON.parse(text) as webcrypto.JsonWebKey, format: 'jwk' })
      : createPrivateKey(text)
  } catch {
    return undefined
  }
}
