import { fail, ok, type Result } from '../result.ts'
import type { HandshakeFault } from './fault.ts'

/** Clocks may differ by this much (D5). */
export const timestampWindowSeconds = 300
/** A handshake lives this long from step 1, unless its confirmation lives longer (U3). */
export const nineStepLifetimeSeconds = 600
/** A nonce of a client is remembered this long: longer than any message with its timestamp would be taken (U2). */
export const nonceMemorySeconds = 2 * timestampWindowSeconds
/** A person has this long to answer (U7). */
export const confirmationLifetimeSeconds = 300
/** No access token lives longer (D17). */
export const maxTokenSeconds = 3600
/** No session and none of its keys lives longer (D7). */
export const maxSessionSeconds = 86_400

/** Whether a message was written just now, and not before the one that came before it (D5, U2). Unix seconds. */
export function checkTimestamp(
  timestamp: number,
  times: { readonly now: number; readonly previous?: number },
): Result<void, HandshakeFault> {
  if (Math.abs(times.now - timestamp) > timestampWindowSeconds)
    return fail({
      kind: 'timestamp_outside_window',
      member: 'timestamp',
      evidence: `${Math.round(times.now - timestamp)} s`,
    })
  if (times.previous !== undefined && timestamp < times.previous)
    return fail({ kind: 'timestamp_decreasing', member: 'timestamp' })
  return ok(undefined)
}
