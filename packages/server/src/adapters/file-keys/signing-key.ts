import { createPrivateKey, generateKeyPairSync, hash } from 'node:crypto'
import type { Clock } from '@ath-protocol/types'
import type { Seal } from '../../ports/seal.ts'
import type { Signer } from '../../ports/signer.ts'
import { StartError } from '../start-error.ts'
import { signEs256 } from './es256.ts'

/** What a signing key is for; each purpose has its own, and a signature for one is worth nothing for another. */
export type Purpose = 'audit' | 'assertion' | 'handshake' | 'token'

export const purposes: readonly Purpose[] = ['audit', 'assertion', 'handshake', 'token']

interface PrivateJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly d: string
  readonly kid: string
}

const context = (purpose: Purpose) => `signing key:${purpose}`

/** A new P-256 key, sealed. Its kid is `<purpose>-<date>-<start of the RFC 7638 thumbprint>`. */
export function generateSigningKey(purpose: Purpose, seal: Seal, clock: Clock): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' }) as Omit<PrivateJwk, 'kid'>
  const thumbprint = hash(
    'sha256',
    JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y }),
    'base64url',
  )
  const date = new Date(clock.now() * 1000).toISOString().slice(0, 10)
  const kid = `${purpose}-${date}-${thumbprint.slice(0, 6)}`
  return seal.seal(JSON.stringify({ ...jwk, kid }), context(purpose))
}

export function openSigningKey(purpose: Purpose, sealed: string, seal: Seal, file: string): Signer {
  const jwk = unseal(purpose, sealed, seal, file)
  const { kid, x, y } = jwk
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
  return {
    kid,
    publicJwk: () => ({ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }),
    sign: async (input) => signEs256(input, key),
  }
}

function unseal(purpose: Purpose, sealed: string, seal: Seal, file: string): PrivateJwk {
  try {
    return JSON.parse(seal.open(sealed.trim(), context(purpose))) as PrivateJwk
  } catch (cause) {
    throw new StartError(
      `the key file ${file} does not open with the master key beside it`,
      'restore both files from the same backup',
      { cause },
    )
  }
}
