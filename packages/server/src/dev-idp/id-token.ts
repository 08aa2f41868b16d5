import { type Clock, cryptoKeySigner, type Random, signJws } from '@ath-protocol/types'
import type { Grant } from './grant.ts'

export interface IdTokens {
  /** RFC 7517 §5. */
  keySet(): Promise<{ readonly keys: readonly object[] }>
  /** `nonce` only where the code is exchanged. */
  sign(grant: Grant, nonce: string | undefined): Promise<string>
}

const idTokenSeconds = 300

/** ID tokens under a key of this process (OpenID Connect Core §2). */
export function createIdTokens(options: {
  readonly issuer: string
  readonly clock: Clock
  readonly random: Random
}): IdTokens {
  const kid = options.random.token(8)
  let made: ReturnType<typeof generate> | undefined
  const keys = () => (made ??= generate())
  return {
    async keySet() {
      const { publicKey } = await keys()
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
      return { keys: [{ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }] }
    },
    async sign(grant, nonce) {
      const { privateKey } = await keys()
      const now = Math.floor(options.clock.now())
      return signJws(cryptoKeySigner(privateKey, 'ES256', kid), 'JWT', {
        iss: options.issuer,
        aud: grant.clientId,
        iat: now,
        exp: now + idTokenSeconds,
        auth_time: grant.authTime,
        ...(nonce === undefined ? {} : { nonce }),
        ...claimsOf(grant, grant.scopes),
      })
    },
  }
}

const generate = () =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])

/** What scopes tell of a person (OpenID Connect Core §5.4). */
export function claimsOf({ person }: Grant, scopes: readonly string[]): Record<string, unknown> {
  return {
    sub: person.id,
    ...(scopes.includes('profile') ? { name: person.name, preferred_username: person.id } : {}),
    ...(scopes.includes('email') ? { email: person.email, email_verified: true } : {}),
  }
}
