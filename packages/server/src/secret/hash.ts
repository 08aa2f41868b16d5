import { createHash, timingSafeEqual } from 'node:crypto'

/** SHA-256, base64url. Enough for secrets of 256 random bits: there is nothing to guess faster than the secret itself. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** Whether `secret` hashes to `hash`, in constant time. */
export function matchesHash(secret: string, hash: string): boolean {
  const got = Buffer.from(hashSecret(secret))
  const wanted = Buffer.from(hash)
  return got.length === wanted.length && timingSafeEqual(got, wanted)
}

/** Under which a session's access token is stored: it is one token with one record for each provider (U9). */
export function sessionTokenHash(jti: string, providerId: string): string {
  return hashSecret(`${jti} ${providerId}`)
}

/** How records name a token: the first 8 bytes of its hash, hex. */
export function tokenRef(hash: string): string {
  return Buffer.from(hash, 'base64url').subarray(0, 8).toString('hex')
}
