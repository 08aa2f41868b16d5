import { createHmac } from 'node:crypto'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { CallbackFault } from '../channel.ts'
import { equalText, isFresh } from './equal-text.ts'

interface Signed {
  readonly id: string
  /** Whole Unix seconds. */
  readonly timestamp: string
  readonly body: string | Uint8Array
}

/** The three headers of a Standard Webhooks message, signed with every key: while keys change, the receiver takes either. */
export function webhookHeaders(
  keys: readonly Uint8Array[],
  signed: Signed,
): Record<string, string> {
  return {
    'webhook-id': signed.id,
    'webhook-timestamp': signed.timestamp,
    'webhook-signature': keys.map((key) => `v1,${sign(key, signed)}`).join(' '),
  }
}

/** Checks a message signed by the same scheme: any of our keys, any of its signatures, at most 5 minutes old. */
export function checkWebhook(
  keys: readonly Uint8Array[],
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  now: number,
): Result<{ readonly id: string }, CallbackFault> {
  const id = headers['webhook-id'] ?? ''
  const timestamp = headers['webhook-timestamp'] ?? ''
  const signatures = (headers['webhook-signature'] ?? '').split(' ').slice(0, 16)
  if (!/^[\w.:@-]{1,200}$/.test(id)) return fail('callback_malformed')
  const wanted = keys.map((key) => `v1,${sign(key, { id, timestamp, body })}`)
  if (!signatures.some((given) => wanted.some((one) => equalText(given, one))))
    return fail('callback_signature')
  return isFresh(timestamp, now) ? ok({ id }) : fail('callback_stale')
}

const sign = (key: Uint8Array, { id, timestamp, body }: Signed): string =>
  createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')
