import type { Grant, GrantStore } from '../../ports/grants.ts'
import { narrowest } from './session-store.ts'
import { createTable, oldestFirst, type RedisPorts } from './table.ts'

export function createGrantStore(ports: RedisPorts): GrantStore {
  const table = createTable<Grant>(ports, {
    name: 'grant',
    idOf: ({ id }) => id,
    lists: ({ userId, clientId }) => ['all', `user:${userId}`, `client:${clientId}`],
  })
  /** Changes a grant that nobody revoked; says whether there was one. */
  const change = async (id: string, changes: Partial<Grant>) =>
    (await table.update(id, (grant) =>
      grant.revokedAt === undefined ? { ...grant, ...changes } : undefined,
    )) !== undefined
  return {
    async insert(grant) {
      if (!(await table.insert(grant))) throw new Error('a grant with this id is stored already')
    },
    find: (id) => table.find(id),
    confirm: (id, expiresAt, sessionId) =>
      change(id, { expiresAt, ...(sessionId === undefined ? {} : { sessionId }) }),
    narrow: (id, scopes) => change(id, { scopes }),
    revoke: (id, at) => change(id, { revokedAt: at }),
    async list({ userId, clientId, providerId, liveAt }) {
      const grants = await table.list(narrowest({ user: userId, client: clientId }))
      return grants
        .filter(
          (grant) =>
            (userId === undefined || grant.userId === userId) &&
            (clientId === undefined || grant.clientId === clientId) &&
            (providerId === undefined || grant.providerId === providerId) &&
            (liveAt === undefined || (grant.revokedAt === undefined && grant.expiresAt > liveAt)),
        )
        .sort(
          oldestFirst(
            ({ createdAt }) => createdAt,
            ({ id }) => id,
          ),
        )
    },
  }
}
