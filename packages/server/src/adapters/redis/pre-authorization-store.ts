import type { PreAuthorization, PreAuthorizationStore } from '../../ports/nine-step.ts'
import { compound, createTable, type RedisPorts } from './table.ts'

export function createPreAuthorizationStore(ports: RedisPorts): PreAuthorizationStore {
  const table = createTable<PreAuthorization>(ports, {
    name: 'preAuthorization',
    idOf: ({ userId, id }) => compound(userId, id),
    // One that was only revoked is found by its name, and kept for ever.
    lists: ({ userId, hash }) => (hash === '' ? [] : [`user:${userId}`, `hash:${hash}`]),
    due: ({ hash, expiresAt }) => (hash === '' ? {} : { ends: expiresAt }),
  })
  return {
    async ensure(authorization) {
      const { userId, id } = authorization
      for (;;) {
        if (await table.insert(authorization)) return authorization
        const standing = await table.find(compound(userId, id))
        if (standing) return standing
      }
    },
    findByHash: async (hash) => (await table.list(`hash:${hash}`))[0],
    find: (userId, id) => table.find(compound(userId, id)),
    use: async (userId, id, at) =>
      (await table.update(compound(userId, id), (standing) =>
        standing.revokedAt !== undefined ||
        standing.expiresAt <= at ||
        (standing.oneTime && standing.usedAt !== undefined)
          ? undefined
          : { ...standing, usedAt: at },
      )) !== undefined,
    async revoke(userId, id, at) {
      for (;;) {
        if (await table.insert(unseen(userId, id, at))) return true
        let known = false
        const revoked = await table.update(compound(userId, id), (standing) => {
          known = true
          return standing.revokedAt === undefined ? { ...standing, revokedAt: at } : undefined
        })
        if (revoked || known) return revoked !== undefined
      }
    },
    async list(userId) {
      const all = await table.list(`user:${userId}`)
      return all.toSorted(
        (one, other) => other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1),
      )
    },
    sweep: (before) => table.sweep(before),
  }
}

/** Revoked before anybody showed it: only its name is known. */
const unseen = (userId: string, id: string, at: number): PreAuthorization => ({
  userId,
  id,
  clientDid: '',
  scopes: [],
  oneTime: true,
  madeBy: 'user',
  hash: '',
  createdAt: at,
  expiresAt: at,
  revokedAt: at,
})
