import { randomBytes } from 'node:crypto'

/** Somebody is signed in, in one browser. */
export interface Session {
  readonly shopperId: string
  /** As the identity provider writes it. */
  readonly name: string
  /** Every form of this session carries it; no other site can know it. */
  readonly formToken: string
  readonly expiresAtMs: number
}

/** Random keys to things that end by themselves: sessions, and sign-ins under way. */
export interface Expiring<Value> {
  /** Returns the key: 256 random bits. */
  keep(value: Value): string
  find(key: string | undefined): Value | undefined
  end(key: string | undefined): void
}

/** Keeps at most `limit`; then the oldest goes. */
export function createExpiring<Value extends { readonly expiresAtMs: number }>(
  limit: number,
): Expiring<Value> {
  const kept = new Map<string, Value>()
  const find = (key: string | undefined) => {
    const value = key === undefined ? undefined : kept.get(key)
    return value && value.expiresAtMs > Date.now() ? value : undefined
  }
  return {
    keep(value) {
      for (const key of kept.keys()) if (kept.size >= limit || !find(key)) kept.delete(key)
      const key = randomKey()
      kept.set(key, value)
      return key
    },
    find,
    end: (key) => void (key !== undefined && kept.delete(key)),
  }
}

export const randomKey = (): string => randomBytes(32).toString('base64url')
