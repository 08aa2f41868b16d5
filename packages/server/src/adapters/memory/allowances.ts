import type { RateLimit } from '../../ports/limits.ts'
import { type FullAgainAt, isExhausted, takeOne } from './gcra.ts'

interface Allowance {
  readonly rate: RateLimit
  fullAgainAt: FullAgainAt
}

/** How many of the longest unused keys are looked at to make room for a new one. */
const maxLooks = 16

/**
 * What each key may still do, in bounded room. When all keys are taken, the one that was unused longest makes room, but
 * never one that is limited just now, else a flood of new keys would set a limited caller free. When only limited keys
 * are found, the new key is refused for a second.
 */
export class Allowances {
  /** In the order of use. */
  readonly #byKey = new Map<string, Allowance>()
  readonly #maxKeys: number

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  /** Undefined when the request may pass, else how many seconds to wait. A key always comes with the same rate. */
  take(rate: RateLimit, key: string, now: number): number | undefined {
    const known = this.#byKey.get(key)
    const verdict = takeOne(rate, known?.fullAgainAt, now)
    if (known) known.fullAgainAt = verdict.fullAgainAt
    if (!verdict.allowed) return verdict.retryAfterSeconds
    if (known) this.#byKey.delete(key)
    else if (this.#byKey.size >= this.#maxKeys && !this.#makeRoom(now)) return 1
    this.#byKey.set(key, known ?? { rate, fullAgainAt: verdict.fullAgainAt })
    return undefined
  }

  #makeRoom(now: number): boolean {
    let looks = 0
    for (const [key, allowance] of this.#byKey) {
      if (!isExhausted(allowance.rate, allowance.fullAgainAt, now)) return this.#byKey.delete(key)
      // Looked at last from now on, so that the next new key does not meet the same limited ones.
      this.#byKey.delete(key)
      this.#byKey.set(key, allowance)
      if (++looks >= maxLooks) return false
    }
    return false
  }
}
