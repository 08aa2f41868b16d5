import type { UserKey, UserKeyStore } from '../../ports/nine-step.ts'
import { createTable, oldestFirst, type RedisPorts } from './table.ts'

export function createUserKeyStore(ports: RedisPorts): UserKeyStore {
  const table = createTable<UserKey>(ports, {
    name: 'userKey',
    idOf: ({ thumbprint }) => thumbprint,
    lists: ({ userId }) => [userId],
  })
  return {
    insert: (key) => table.insert(key),
    find: (thumbprint) => table.find(thumbprint),
    async list(userId) {
      const keys = await table.list(userId)
      return keys.toSorted(
        oldestFirst(
          ({ createdAt }) => createdAt,
          ({ thumbprint }) => thumbprint,
        ),
      )
    },
    remove: async (userId, thumbprint) =>
      (await table.remove(thumbprint, (key) => key.userId === userId)) !== undefined,
  }
}
