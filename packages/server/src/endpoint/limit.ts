import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Limited, RateLimits } from '../ports/limits.ts'

/** Counts one request against a limit (R119). */
export function takeLimit(limits: RateLimits, what: Limited, key: string): Result<void, Failure> {
  const over = limits.take(what, key)
  return over
    ? fail({ reason: 'rate_limited', limit: over.limit, retryAfterSeconds: over.retryAfterSeconds })
    : ok(undefined)
}
