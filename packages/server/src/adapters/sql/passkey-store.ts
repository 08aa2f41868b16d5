import type { Kysely, Selectable } from 'kysely'
import type { Passkey, PasskeyStore } from '../../ports/passkeys.ts'
import type { PasskeyRow } from './nine-step-tables.ts'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { Tables } from './tables.ts'

export function createPasskeyStore(db: Kysely<Tables>): PasskeyStore {
  return {
    async insert(passkey) {
      const { transports, backedUp } = passkey
      const inserted = await db
        .insertInto('passkeys')
        .values({ ...passkey, transports: toJson(transports), backedUp: backedUp ? 1 : 0 })
        .onConflict((conflict) => conflict.doNothing())
        .returning('credentialId')
        .executeTakeFirst()
      return inserted !== undefined
    },
    async find(credentialId) {
      const row = await db
        .selectFrom('passkeys')
        .selectAll()
        .where('credentialId', '=', credentialId)
        .executeTakeFirst()
      return row && toPasskey(row)
    },
    async list(userId) {
      const rows = await db
        .selectFrom('passkeys')
        .selectAll()
        .where('userId', '=', userId)
        .orderBy('createdAt')
        .orderBy('credentialId')
        .execute()
      return rows.map(toPasskey)
    },
    async bump(credentialId, seen, { counter, backedUp, at }) {
      const bumped = await db
        .updateTable('passkeys')
        .set({ counter, backedUp: backedUp ? 1 : 0, lastUsedAt: at })
        .where('credentialId', '=', credentialId)
        .where('counter', '=', seen)
        .returning('credentialId')
        .executeTakeFirst()
      return bumped !== undefined
    },
    async remove(userId, credentialId) {
      const removed = await db
        .deleteFrom('passkeys')
        .where('credentialId', '=', credentialId)
        .where('userId', '=', userId)
        .returning('credentialId')
        .executeTakeFirst()
      return removed !== undefined
    },
  }
}

function toPasskey(row: Selectable<PasskeyRow>): Passkey {
  const { transports, backedUp, ...plain } = withoutNulls(row)
  return { ...plain, transports: fromJson(transports), backedUp: backedUp === 1 }
}
