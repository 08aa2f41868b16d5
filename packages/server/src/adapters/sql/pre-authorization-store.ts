import type { PreAuthorization, PreAuthorizationStore } from '../../ports/nine-step.ts'
import type { Kysely, Selectable } from 'kysely'
import type { PreAuthorizationRow } from './nine-step-tables.ts'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { Tables } from './tables.ts'

export function createPreAuthorizationStore(db: Kysely<Tables>): PreAuthorizationStore {
  const seen = () => db.selectFrom('preAuthorizations').selectAll().where('hash', '<>', '')
  return {
    async ensure(authorization) {
      const { userId, scopes, oneTime } = authorization
      const row = await db
        .insertInto('preAuthorizations')
        .values({ ...authorization, scopes: toJson(scopes), oneTime: oneTime ? 1 : 0 })
        .onConflict((conflict) =>
          // Setting the user to itself makes RETURNING answer with the row that was there.
          conflict.columns(['userId', 'id']).doUpdateSet({ userId }),
        )
        .returningAll()
        .executeTakeFirstOrThrow()
      return toPreAuthorization(row)
    },
    async findByHash(hash) {
      const row = await seen().where('hash', '=', hash).executeTakeFirst()
      return row && toPreAuthorization(row)
    },
    async find(userId, id) {
      const row = await db
        .selectFrom('preAuthorizations')
        .selectAll()
        .where('userId', '=', userId)
        .where('id', '=', id)
        .executeTakeFirst()
      return row && toPreAuthorization(row)
    },
    async use(userId, id, at) {
      const used = await db
        .updateTable('preAuthorizations')
        .set({ usedAt: at })
        .where('userId', '=', userId)
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .where('expiresAt', '>', at)
        .where((is) => is.or([is('oneTime', '=', 0), is('usedAt', 'is', null)]))
        .returning('id')
        .executeTakeFirst()
      return used !== undefined
    },
    async revoke(userId, id, at) {
      const revoked = await db
        .insertInto('preAuthorizations')
        .values(unseen(userId, id, at))
        .onConflict((conflict) =>
          conflict
            .columns(['userId', 'id'])
            .doUpdateSet({ revokedAt: at })
            .where('preAuthorizations.revokedAt', 'is', null),
        )
        .returning('id')
        .executeTakeFirst()
      return revoked !== undefined
    },
    async list(userId) {
      const rows = await seen()
        .where('userId', '=', userId)
        .orderBy('createdAt', 'desc')
        .orderBy('id')
        .execute()
      return rows.map(toPreAuthorization)
    },
    async sweep(before) {
      const { numDeletedRows } = await db
        .deleteFrom('preAuthorizations')
        .where('hash', '<>', '')
        .where('expiresAt', '<', before)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}

/** Revoked before anybody showed it: only its name is known. */
const unseen = (userId: string, id: string, at: number): PreAuthorizationRow => ({
  userId,
  id,
  clientDid: '',
  scopes: toJson([]),
  oneTime: 1,
  madeBy: 'user',
  signedBy: null,
  hash: '',
  createdAt: at,
  expiresAt: at,
  usedAt: null,
  revokedAt: at,
})

function toPreAuthorization(row: Selectable<PreAuthorizationRow>): PreAuthorization {
  const { scopes, oneTime, madeBy, ...plain } = withoutNulls(row)
  return {
    ...plain,
    scopes: fromJson(scopes),
    oneTime: oneTime === 1,
    madeBy: madeBy as PreAuthorization['madeBy'],
  }
}
