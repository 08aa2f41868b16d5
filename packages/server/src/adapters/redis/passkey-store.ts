import type { Passkey, PasskeyStore } from '../../ports/passkeys.ts'
import { createTable, oldestFirst, type RedisPorts } from './table.ts'

export function createPasskeyStore(ports: RedisPorts): PasskeyStore {
  const table = createTable<Passkey>(ports, {
    name: 'passkey',
    idOf: ({ credentialId }) => credentialId,
    lists: ({ userId }) => [userId],
  })
  return {
    insert: (passkey) => table.insert(passkey),
    find: (credentialId) => table.find(credentialId),
    async list(userId) {
      const passkeys = await table.list(userId)
      return passkeys.toSorted(
        oldestFirst(
          ({ createdAt }) => createdAt,
          ({ credentialId }) => credentialId,
        ),
      )
    },
    bump: async (credentialId, seen, { counter, backedUp, at }) =>
      (await table.update(credentialId, (passkey) =>
        passkey.counter === seen ? { ...passkey, counter, backedUp, lastUsedAt: at } : undefined,
      )) !== undefined,
    remove: async (userId, credentialId) =>
      (await table.remove(credentialId, (passkey) => passkey.userId === userId)) !== undefined,
  }
}
