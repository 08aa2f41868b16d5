import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Limited, RateLimits } from '../ports/limits.ts'

/** Counts one request against a limit (R119). */
export function takeLimit(limits: RateLimits, what: Limited, key: string): Result<void, Failure> {
  const over = limits.take(what, key)
  return over
    ? fail({ reason: 'rate_limited', limit: over.limit, retryAfterSeconds: over.retryAfterSeconds })
    : ok(undefined)
}

/**
 * Whom an address counts as: an IPv4 address itself, an IPv6 address its /64, since whoever has one address of such a
 * network has them all (RFC 4291 §2.5.4) and could use each once.
 */
export function callerKey(ip: string): string {
  if (!ip.includes(':')) return ip
  const [left = [], right] = ip.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const missing = right === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(missing).fill('0'), ...(right ?? [])]
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${network.join(':')}::/64`
}
