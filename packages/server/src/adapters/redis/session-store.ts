import type { Session, SessionStore } from '../../ports/nine-step.ts'
import type { Seal } from '../../ports/seal.ts'
import { createTable, oldestFirst, type RedisPorts } from './table.ts'

interface Row extends Omit<Session, 'keys'> {
  /** All keys are one sealed value. */
  readonly sealedKeys?: string
  readonly reserved: { readonly c2s: number; readonly s2c: number }
}

export function createSessionStore(ports: RedisPorts, seal: Seal): SessionStore {
  const table = createTable<Row>(ports, {
    name: 'session',
    idOf: ({ id }) => id,
    lists: ({ credentialId, clientId, userId }) => [
      'all',
      `credential:${credentialId}`,
      `client:${clientId}`,
      `user:${userId}`,
    ],
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  const context = (id: string) => `sessions.keys:${id}`
  const toSession = ({ sealedKeys, reserved: _, ...row }: Row): Session =>
    sealedKeys === undefined
      ? row
      : { ...row, keys: JSON.parse(seal.open(sealedKeys, context(row.id))) as never }
  return {
    async insert({ keys, ...session }) {
      const sealed = keys && { sealedKeys: seal.seal(JSON.stringify(keys), context(session.id)) }
      if (!(await table.insert({ ...session, ...sealed, reserved: { c2s: 0, s2c: 0 } })))
        throw new Error('a session with this id is stored already')
    },
    async find(id) {
      const row = await table.find(id)
      return row && toSession(row)
    },
    revoke: async (id, at) =>
      (await table.update(id, (row) =>
        row.revokedAt === undefined ? { ...row, revokedAt: at } : undefined,
      )) !== undefined,
    async list({ credentialId, clientId, userId, liveAt }) {
      const rows = await table.list(
        narrowest({ credential: credentialId, client: clientId, user: userId }),
      )
      return rows
        .filter(
          (row) =>
            (credentialId === undefined || row.credentialId === credentialId) &&
            (clientId === undefined || row.clientId === clientId) &&
            (userId === undefined || row.userId === userId) &&
            (liveAt === undefined || (row.revokedAt === undefined && row.expiresAt > liveAt)),
        )
        .sort(
          oldestFirst(
            ({ createdAt }) => createdAt,
            ({ id }) => id,
          ),
        )
        .map(toSession)
    },
    async reserveSequence(id, direction, upTo) {
      let before: number | undefined
      await table.update(id, (row) => {
        before = row.reserved[direction]
        return upTo > before
          ? { ...row, reserved: { ...row.reserved, [direction]: upTo } }
          : undefined
      })
      if (before === undefined) throw new Error('no session with this id is stored')
      return before
    },
    sweep: (before) => table.sweep(before),
  }
}

/** The name of the shortest list that holds everything asked for: the first that is told. */
export function narrowest(lists: Readonly<Record<string, string | undefined>>): string {
  const told = Object.entries(lists).find(([, value]) => value !== undefined)
  return told ? told.join(':') : 'all'
}
