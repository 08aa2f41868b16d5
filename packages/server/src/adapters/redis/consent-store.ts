import type { ConsentRequest, ConsentStore } from '../../ports/consents.ts'
import { createTable, type RedisPorts } from './table.ts'

interface Row {
  readonly consent: ConsentRequest
  /** It expired, and was given to whoever tells the channels. */
  readonly told: boolean
}

export function createConsentStore(ports: RedisPorts): ConsentStore {
  const table = createTable<Row>(ports, {
    name: 'consent',
    idOf: ({ consent }) => consent.id,
    unique: ({ consent }) => ({ handshake: consent.handshake.id }),
    lists: ({ consent: { userId, decision } }) =>
      [userId, decision?.userId].filter((user) => user !== undefined),
    due: ({ consent: { decision, expiresAt }, told }) => ({
      ends: decision?.decidedAt ?? expiresAt,
      silent: decision || told ? undefined : expiresAt,
    }),
  })
  return {
    insert: (consent) => table.insert({ consent, told: false }),
    find: async (id) => (await table.find(id))?.consent,
    findByHandshake: async (id) => (await table.findUnique('handshake', id))?.consent,
    async decide(id, decision) {
      const decided = await table.update(id, (row) =>
        row.consent.decision || decision.decidedAt >= row.consent.expiresAt
          ? undefined
          : { ...row, consent: { ...row.consent, decision } },
      )
      return decided?.consent
    },
    async list({ userId, pendingAt, limit = 100 }) {
      const rows = await table.list(userId)
      return rows
        .map(({ consent }) => consent)
        .filter(
          ({ decision, expiresAt }) =>
            pendingAt === undefined || (!decision && expiresAt > pendingAt),
        )
        .sort((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1))
        .slice(0, limit)
    },
    async takeExpired(now) {
      const ids = await table.dueBy('silent', now)
      const taken = await Promise.all(
        ids.map((id) =>
          table.update(id, (row) =>
            row.told || row.consent.decision || row.consent.expiresAt > now
              ? undefined
              : { ...row, told: true },
          ),
        ),
      )
      return taken.flatMap((row) => (row ? [row.consent] : []))
    },
    sweep: (before) => table.sweep(before),
  }
}
