import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  readonly expiresAtMs: number
}

/** What the identity provider remembers, in memory: the world ends with its process. */
export function createIdpStore(): (model: string) => Adapter {
  const entries = new Map<string, Entry>()
  const keyOf = (model: string, id: string) => `${model}:${id}`
  const read = (key: string) => {
    const entry = entries.get(key)
    if (entry && entry.expiresAtMs > Date.now()) return entry.payload
    entries.delete(key)
    return undefined
  }
  const search = (model: string, fits: (payload: AdapterPayload) => boolean) => {
    for (const key of entries.keys()) {
      if (!key.startsWith(`${model}:`)) continue
      const payload = read(key)
      if (payload && fits(payload)) return payload
    }
    return undefined
  }
  return (model) => ({
    async upsert(id, payload, expiresInSeconds) {
      const expiresAtMs = expiresInSeconds ? Date.now() + expiresInSeconds * 1000 : Infinity
      entries.set(keyOf(model, id), { payload, expiresAtMs })
    },
    async find(id) {
      return read(keyOf(model, id))
    },
    async findByUid(uid) {
      return search(model, (payload) => payload.uid === uid)
    },
    async findByUserCode(userCode) {
      return search(model, (payload) => payload.userCode === userCode)
    },
    async consume(id) {
      const payload = read(keyOf(model, id))
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    },
    async destroy(id) {
      entries.delete(keyOf(model, id))
    },
    async revokeByGrantId(grantId) {
      for (const [key, { payload }] of entries)
        if (key.startsWith(`${model}:`) && payload.grantId === grantId) entries.delete(key)
    },
  })
}
