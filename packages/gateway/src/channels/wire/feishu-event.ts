import { createDecipheriv, createHash } from 'node:crypto'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { CallbackFault } from '../channel.ts'
import { equalText, isFresh } from './equal-text.ts'

/**
 * An app's events and card actions carry a plain SHA-256 in hex over timestamp, nonce, encrypt key and raw body: no
 * HMAC, and not what a custom bot's webhook wants (`signFeishuBot`).
 */
export function checkFeishu(
  encryptKey: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  now: number,
): Result<void, CallbackFault> {
  const timestamp = headers['x-lark-request-timestamp'] ?? ''
  const nonce = headers['x-lark-request-nonce'] ?? ''
  const signature = headers['x-lark-signature'] ?? ''
  const digest = createHash('sha256')
    .update(timestamp + nonce + encryptKey)
    .update(body)
  if (!equalText(signature, digest.digest('hex'))) return fail('callback_signature')
  return isFresh(timestamp, now) ? ok(undefined) : fail('callback_stale')
}

/** Opens `{ "encrypt": … }`: AES-256-CBC, the key is SHA-256 of the encrypt key, the first 16 bytes are the IV. */
export function openFeishu(encryptKey: string, encrypted: string): Result<string, CallbackFault> {
  try {
    const bytes = Buffer.from(encrypted, 'base64')
    const key = createHash('sha256').update(encryptKey).digest()
    const decipher = createDecipheriv('aes-256-cbc', key, bytes.subarray(0, 16))
    const plain = Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()])
    return ok(plain.toString('utf8'))
  } catch {
    return fail('callback_signature')
  }
}
