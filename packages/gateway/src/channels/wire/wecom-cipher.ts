import { createDecipheriv, createHash } from 'node:crypto'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { CallbackFault } from '../channel.ts'
import { equalText, isFresh } from './equal-text.ts'

/** What an app's callback configuration holds. */
export interface WecomKeys {
  readonly token: string
  /** 43 characters: base64 of 32 bytes without its `=`. */
  readonly encodingAesKey: string
  readonly corpId: string
}

/** `msg_signature` is SHA-1 over the sorted token, timestamp, nonce and encrypted text; then the text is opened. */
export function openWecom(
  keys: WecomKeys,
  query: URLSearchParams,
  encrypted: string,
  now: number,
): Result<string, CallbackFault> {
  const timestamp = query.get('timestamp') ?? ''
  const parts = [keys.token, timestamp, query.get('nonce') ?? '', encrypted]
  const digest = createHash('sha1').update(parts.sort().join('')).digest('hex')
  if (!equalText(query.get('msg_signature') ?? '', digest)) return fail('callback_signature')
  if (!isFresh(timestamp, now)) return fail('callback_stale')
  return decrypt(keys, encrypted)
}

/** AES-256-CBC, IV from the key, padded to 32 bytes; inside: 16 random bytes, length, message, and for whom it is. */
function decrypt(
  { encodingAesKey, corpId }: WecomKeys,
  encrypted: string,
): Result<string, CallbackFault> {
  try {
    const key = Buffer.from(`${encodingAesKey}=`, 'base64')
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()])
    const padding = padded.at(-1) ?? 0
    if (padding < 1 || padding > 32) return fail('callback_signature')
    const plain = padded.subarray(0, padded.length - padding)
    const end = 20 + plain.readUInt32BE(16)
    if (end > plain.length) return fail('callback_signature')
    const receiver = plain.subarray(end).toString('utf8')
    return equalText(receiver, corpId)
      ? ok(plain.subarray(20, end).toString('utf8'))
      : fail('callback_signature')
  } catch {
    return fail('callback_signature')
  }
}
