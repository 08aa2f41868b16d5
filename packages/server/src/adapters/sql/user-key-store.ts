import type { UserKey, UserKeyStore } from '../../ports/nine-step.ts'
import type { Kysely, Selectable } from 'kysely'
import type { UserKeyRow } from './nine-step-tables.ts'
import { fromJson, toJson } from './row.ts'
import type { Tables } from './tables.ts'

/** The INSERT on a primary key decides whose key it is: of two users, one. */
export function createUserKeyStore(db: Kysely<Tables>): UserKeyStore {
  return {
    async insert(key) {
      const inserted = await db
        .insertInto('userKeys')
        .values({ ...key, jwk: toJson(key.jwk) })
        .onConflict((conflict) => conflict.doNothing())
        .returning('thumbprint')
        .executeTakeFirst()
      return inserted !== undefined
    },
    async find(thumbprint) {
      const row = await db
        .selectFrom('userKeys')
        .selectAll()
        .where('thumbprint', '=', thumbprint)
        .executeTakeFirst()
      return row && toUserKey(row)
    },
    async list(userId) {
      const rows = await db
        .selectFrom('userKeys')
        .selectAll()
        .where('userId', '=', userId)
        .orderBy('createdAt')
        .orderBy('thumbprint')
        .execute()
      return rows.map(toUserKey)
    },
    async remove(userId, thumbprint) {
      const removed = await db
        .deleteFrom('userKeys')
        .where('thumbprint', '=', thumbprint)
        .where('userId', '=', userId)
        .returning('thumbprint')
        .executeTakeFirst()
      return removed !== undefined
    },
  }
}

const toUserKey = (row: Selectable<UserKeyRow>): UserKey => ({ ...row, jwk: fromJson(row.jwk) })
