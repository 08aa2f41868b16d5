import { createHmac } from 'node:crypto'
import { fail, ok, type Result } from '@ath-protocol/types'
import type { CallbackFault } from '../channel.ts'
import { equalText, isFresh } from './equal-text.ts'

/** Slack's request signature: HMAC-SHA256 in hex over `v0:<timestamp>:<raw body>`, at most 5 minutes old. */
export function checkSlack(
  signingSecret: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  now: number,
): Result<{ readonly signature: string }, CallbackFault> {
  const timestamp = headers['x-slack-request-timestamp'] ?? ''
  const signature = headers['x-slack-signature'] ?? ''
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(body)
  if (!equalText(signature, `v0=${digest.digest('hex')}`)) return fail('callback_signature')
  return isFresh(timestamp, now) ? ok({ signature }) : fail('callback_stale')
}
