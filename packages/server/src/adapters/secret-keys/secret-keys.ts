import { createECDH, createPrivateKey, hash, hkdfSync } from 'node:crypto'
import type { Random } from '@ath-protocol/types'
import type { Seal } from '../../ports/seal.ts'
import type { Signer } from '../../ports/signer.ts'
import { signEs256 } from '../file-keys/es256.ts'
import { createSeal, sealingKey } from '../file-keys/seal.ts'

/** Keys that all processes with the same secret have, so that any of them serves any request. */
export interface SecretKeys {
  readonly seal: Seal
  signer(purpose: 'handshake' | 'token'): Signer
}

/** Everything from one secret by HKDF-SHA-256 (RFC 5869), each purpose apart. */
export function keysOfSecret(secret: string, random: Random): SecretKeys {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `ath ${purpose}`, bytes))
  return {
    seal: createSeal([sealingKey(derive('seal', 32))], random),
    signer: (purpose) => signerOf(purpose, derive(`signing key ${purpose}`, 48)),
  }
}

/** Order of the P-256 group (SEC 2 §2.4.2). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** 384 bits reduced to a scalar from 1 to order − 1: the bias is below 2^-128 (FIPS 186-5 A.2.1). */
function signerOf(purpose: string, seed: Buffer): Signer {
  const scalar = (BigInt(`0x${seed.toString('hex')}`) % (order - 1n)) + 1n
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(d)
  const point = curve.getPublicKey()
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  const jwk = { kty: 'EC' as const, crv: 'P-256' as const, x, y }
  const thumbprint = hash(
    'sha256',
    JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x, y }),
    'base64url',
  )
  const kid = `${purpose}-${thumbprint.slice(0, 10)}`
  const key = createPrivateKey({ key: { ...jwk, d: d.toString('base64url') }, format: 'jwk' })
  return {
    kid,
    publicJwk: () => ({ ...jwk, kid, alg: 'ES256', use: 'sig' }),
    sign: async (input) => signEs256(input, key),
  }
}
