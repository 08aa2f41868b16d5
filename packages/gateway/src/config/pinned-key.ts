import { createHash, createPublicKey, type webcrypto } from 'node:crypto'
import { fail, ok, type Result } from '@ath-protocol/types'

type JsonWebKey = webcrypto.JsonWebKey

/** The RFC 7638 thumbprint of a public key written as PEM SPKI or as a JWK; else what is wrong with it. */
export function thumbprintOfText(text: string): Result<string, string> {
  const trimmed = text.trim()
  if (/PRIVATE KEY/.test(trimmed)) return fail('is a private key, which only the agent may have')
  const jwk = trimmed.startsWith('{') ? readJwk(trimmed) : readPem(trimmed)
  if (!jwk) return fail('is not a public key')
  if (jwk.d !== undefined) return fail('is a private key, which only the agent may have')
  const { kty, crv, x, y } = jwk
  if (kty === 'EC' && crv === 'P-256') return ok(hashOf({ crv, kty, x, y }))
  if (kty === 'OKP' && crv === 'Ed25519') return ok(hashOf({ crv, kty, x }))
  return fail('is neither a P-256 nor an Ed25519 key')
}

const hashOf = (members: object): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('base64url')

function readPem(text: string): JsonWebKey | undefined {
  try {
    return createPublicKey(text).export({ format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Through a key object and back: only then it is known to be one, on its curve and in one spelling. */
function readJwk(text: string): JsonWebKey | undefined {
  try {
    const key: JsonWebKey = JSON.parse(text)
    if (key.d !== undefined) return key
    return createPublicKey({ key, format: 'jwk' }).export({ format: 'jwk' })
  } catch {
    return undefined
  }
}
