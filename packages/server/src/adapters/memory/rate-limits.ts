import type { Limited, RateLimit, RateLimits } from '../../ports/limits.ts'
import type { Clock } from '@ath-protocol/types'
import { Allowances } from './allowances.ts'

/** How many keys are remembered for each operation, and for all restrictions together. A key takes about 150 bytes. */
const defaultMaxKeys = 100_000

/** Counts requests in process memory (R119, U13). Operations without a configured rate are not limited. */
export function createRateLimits(
  limits: ReadonlyMap<Limited, RateLimit>,
  clock: Clock,
  maxKeys: number = defaultMaxKeys,
): RateLimits {
  const tables = new Map(
    [...limits].map(([what, rate]) => [what, { rate, allowances: new Allowances(maxKeys) }]),
  )
  const ofRestrictions = new Allowances(maxKeys)
  return {
    take(what, key) {
      const table = tables.get(what)
      if (!table) return undefined
      const wait = table.allowances.take(table.rate, key, clock.now())
      return wait === undefined
        ? undefined
        : { retryAfterSeconds: wait, limit: inWords(table.rate) }
    },
    takeRate(rate, key) {
      const limit = inWords(rate)
      const wait = ofRestrictions.take(rate, `${limit} ${key}`, clock.now())
      return wait === undefined ? undefined : { retryAfterSeconds: wait, limit }
    },
  }
}

const periods = new Map([
  [1, 'second'],
  [60, 'minute'],
  [3600, 'hour'],
  [86_400, 'day'],
])

/** `30/minute`, or `30/45s` where the period has no name. */
function inWords({ count, perSeconds }: RateLimit): string {
  return `${count}/${periods.get(perSeconds) ?? `${perSeconds}s`}`
}
