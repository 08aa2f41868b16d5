import type { Limited, RateLimits } from '@ath-protocol/server'
import type { Clock } from '@ath-protocol/types'
import type { RateLimit } from '../../config/config.ts'
import { type FullAgainAt, isExhausted, takeOne } from './gcra.ts'

/** How many keys are remembered for each operation. A key takes about 100 bytes. */
const defaultMaxKeys = 100_000
/** How many of the longest unused keys are looked at to make room for a new one. */
const maxLooks = 16

/**
 * Counts requests in process memory (R119). Operations without a configured rate are not limited.
 *
 * Room is bounded: when all keys are taken, the one that was unused longest makes room, but never one that is limited
 * just now, else a flood of new keys would set a limited caller free. When only limited keys are found, the new key is
 * refused for a second.
 */
export function createRateLimits(
  limits: ReadonlyMap<Limited, RateLimit>,
  clock: Clock,
  maxKeys: number = defaultMaxKeys,
): RateLimits {
  const tables = new Map(
    [...limits].map(([what, rate]) => [
      what,
      { rate, words: inWords(rate), keys: new Map<string, FullAgainAt>() },
    ]),
  )
  return {
    take(what, key) {
      const table = tables.get(what)
      if (!table) return undefined
      const { rate, words, keys } = table
      const now = clock.now()
      const known = keys.get(key)
      const verdict = takeOne(rate, known, now)
      if (!verdict.allowed) {
        keys.set(key, verdict.fullAgainAt)
        return { retryAfterSeconds: verdict.retryAfterSeconds, limit: words }
      }
      // Put at the end: the order of the map is the order of use.
      if (known !== undefined) keys.delete(key)
      else if (keys.size >= maxKeys && !makeRoom(keys, rate, now))
        return { retryAfterSeconds: 1, limit: words }
      keys.set(key, verdict.fullAgainAt)
      return undefined
    },
  }
}

function makeRoom(keys: Map<string, FullAgainAt>, rate: RateLimit, now: number): boolean {
  let looks = 0
  for (const [key, fullAgainAt] of keys) {
    if (!isExhausted(rate, fullAgainAt, now)) return keys.delete(key)
    // Looked at last from now on, so that the next new key does not meet the same limited ones.
    keys.delete(key)
    keys.set(key, fullAgainAt)
    if (++looks >= maxLooks) return false
  }
  return false
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
