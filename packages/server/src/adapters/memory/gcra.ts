import type { RateLimit } from '../../ports/limits.ts'

/** When the allowance of a key will be whole again, in Unix seconds: all there is to remember of it. */
export type FullAgainAt = number

export type RateVerdict =
  | { readonly allowed: true; readonly fullAgainAt: FullAgainAt }
  | {
      readonly allowed: false
      readonly fullAgainAt: FullAgainAt
      readonly retryAfterSeconds: number
    }

/**
 * The generic cell rate algorithm (ITU-T I.371, virtual scheduling); who was idle may use all of `count` at once. Each request moves the instant on by its share of
 * the period; it is refused when that would lie more than one period ahead. A refused request costs nothing.
 */
export function takeOne(rate: RateLimit, known: FullAgainAt | undefined, now: number): RateVerdict {
  const share = rate.perSeconds / rate.count
  // A clock that stepped back must not lock anybody out for longer than one period.
  const before = Math.min(Math.max(known ?? now, now), now + rate.perSeconds)
  const tooEarly = before + share - rate.perSeconds - now
  // Sums of many fractions are not exact at Unix time's size; a millisecond is nobody's wait.
  if (tooEarly <= Math.min(share / 2, 0.001)) return { allowed: true, fullAgainAt: before + share }
  const retryAfterSeconds = Math.max(1, Math.ceil(tooEarly - 0.001))
  return { allowed: false, fullAgainAt: before, retryAfterSeconds }
}

/** Whether the next request of this key would be refused. */
export function isExhausted(rate: RateLimit, known: FullAgainAt, now: number): boolean {
  return !takeOne(rate, known, now).allowed
}
