import { createCipheriv, createDecipheriv, hash } from 'node:crypto'
import type { Random } from '@ath-protocol/types'
import type { Seal } from '../../ports/seal.ts'

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16

/** A 256-bit key and the id under which sealed values name it. */
export interface SealingKey {
  readonly id: string
  readonly secret: Buffer
}

/** The id follows from the key, so that the two can never be mixed up. */
export function sealingKey(secret: Buffer): SealingKey {
  return { id: hash('sha256', secret, 'base64url').slice(0, 8), secret }
}

/**
 * AES-256-GCM with a random 96-bit nonce for each value (NIST SP 800-38D §8.2.2: safe for 2^32 values a key). The first
 * key seals, all of them open: a new key goes first, and old values open until the old key is taken out.
 */
export function createSeal(keys: readonly [SealingKey, ...SealingKey[]], random: Random): Seal {
  const byId = new Map(keys.map((key) => [key.id, key]))
  return {
    seal(plain, context) {
      const [key] = keys
      const nonce = Buffer.from(random.token(nonceBytes), 'base64url')
      const cipher = createCipheriv('aes-256-gcm', key.secret, nonce)
      cipher.setAAD(authenticated(key.id, context))
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      const value = Buffer.concat([nonce, text, cipher.getAuthTag()])
      return `${version}.${key.id}.${value.toString('base64url')}`
    },
    open(sealed, context) {
      const [found, keyId = '', body = '', ...rest] = sealed.split('.')
      const value = Buffer.from(body, 'base64url')
      if (found !== version || rest.length > 0 || value.length < nonceBytes + tagBytes)
        throw new Error(`the sealed value for ${context} is not well formed`)
      const key = byId.get(keyId)
      if (!key)
        throw new Error(`the sealed value for ${context} needs the key ${keyId}, which is gone`)
      const decipher = createDecipheriv('aes-256-gcm', key.secret, value.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(authenticated(keyId, context))
      decipher.setAuthTag(value.subarray(-tagBytes))
      try {
        return Buffer.concat([
          decipher.update(value.subarray(nonceBytes, -tagBytes)),
          decipher.final(),
        ]).toString('utf8')
      } catch (cause) {
        throw new Error(`the sealed value for ${context} was changed or moved`, { cause })
      }
    },
  }
}

const authenticated = (keyId: string, context: string) =>
  Buffer.from(`${version}.${keyId}.${context}`)
