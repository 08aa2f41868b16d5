import type { Grant, GrantStore } from '../../ports/grants.ts'
import type { Kysely, Selectable, Updateable } from 'kysely'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { GrantRow, Tables } from './tables.ts'

export function createGrantStore(db: Kysely<Tables>): GrantStore {
  /** Changes a grant that nobody revoked; says whether there was one. */
  const change = async (id: string, changes: Updateable<GrantRow>) =>
    (await db
      .updateTable('grants')
      .set(changes)
      .where('id', '=', id)
      .where('revokedAt', 'is', null)
      .returning('id')
      .executeTakeFirst()) !== undefined
  return {
    async insert({ scopes, restrictions, ...grant }) {
      await db
        .insertInto('grants')
        .values({
          ...grant,
          scopes: toJson(scopes),
          ...(restrictions && { restrictions: toJson(restrictions) }),
        })
        .execute()
    },
    async find(id) {
      const row = await db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toGrant(row)
    },
    confirm: (id, expiresAt, sessionId) =>
      change(id, { expiresAt, ...(sessionId === undefined ? {} : { sessionId }) }),
    narrow: (id, scopes) => change(id, { scopes: toJson(scopes) }),
    revoke: (id, at) => change(id, { revokedAt: at }),
    async list({ userId, clientId, providerId, liveAt }) {
      let query = db.selectFrom('grants').selectAll()
      if (userId !== undefined) query = query.where('userId', '=', userId)
      if (clientId !== undefined) query = query.where('clientId', '=', clientId)
      if (providerId !== undefined) query = query.where('providerId', '=', providerId)
      if (liveAt !== undefined)
        query = query.where('revokedAt', 'is', null).where('expiresAt', '>', liveAt)
      return (await query.orderBy('createdAt').orderBy('id').execute()).map(toGrant)
    },
  }
}

function toGrant(row: Selectable<GrantRow>): Grant {
  const { scopes, userSource, restrictions, ...plain } = withoutNulls(row)
  return {
    ...plain,
    userSource: userSource as Grant['userSource'],
    scopes: fromJson(scopes),
    ...(restrictions === undefined ? {} : { restrictions: fromJson(restrictions) }),
  }
}
