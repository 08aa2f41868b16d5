import type { Clock } from '@ath-protocol/types'

export interface ExpiringMap<Value> {
  get(key: string): Value | undefined
  /** `expiresAt` in Unix seconds. */
  set(key: string, value: Value, expiresAt: number): void
  /** Gives the value and forgets it. */
  take(key: string): Value | undefined
}

/** A map that forgets what has expired, and what came first when it is full. */
export function createExpiringMap<Value>(clock: Clock, most: number): ExpiringMap<Value> {
  const entries = new Map<string, { readonly value: Value; readonly expiresAt: number }>()
  const get = (key: string) => {
    const entry = entries.get(key)
    if (entry && entry.expiresAt > clock.now()) return entry.value
    entries.delete(key)
    return undefined
  }
  return {
    get,
    set(key, value, expiresAt) {
      entries.delete(key)
      for (const [first] of entries) {
        if (entries.size < most) break
        entries.delete(first)
      }
      entries.set(key, { value, expiresAt })
    },
    take(key) {
      const value = get(key)
      entries.delete(key)
      return value
    },
  }
}
