import type { Clock } from '@ath-protocol/types'

/** Seconds that `Retry-After` asks for, from either of its forms (RFC 9110 §10.2.3). */
export function readRetryAfter(headers: Headers, clock: Clock): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  const instant = Date.parse(value) / 1000
  return Number.isNaN(instant) ? undefined : Math.max(0, instant - clock.now())
}
