import type { Session, SessionStore } from '../../ports/nine-step.ts'
import type { Insertable, Kysely, Selectable } from 'kysely'
import type { Seal } from '../../ports/seal.ts'
import type { SessionRow } from './nine-step-tables.ts'
import { removeExpired } from './remove-expired.ts'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { Tables } from './tables.ts'

const reservedColumn = { c2s: 'reservedFromClient', s2c: 'reservedFromServer' } as const

/** The keys of a session are one sealed value. */
export function createSessionStore(db: Kysely<Tables>, seal: Seal): SessionStore {
  const reserved = async (id: string, column: (typeof reservedColumn)['c2s' | 's2c']) => {
    const row = await db
      .selectFrom('sessions')
      .select(column)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) throw new Error('no session with this id is stored')
    return row[column] as number
  }
  return {
    async insert(session) {
      await db.insertInto('sessions').values(toRow(session, seal)).execute()
    },
    async find(id) {
      const row = await db
        .selectFrom('sessions')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && toSession(row, seal)
    },
    async revoke(id, at) {
      const revoked = await db
        .updateTable('sessions')
        .set({ revokedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .returning('id')
        .executeTakeFirst()
      return revoked !== undefined
    },
    async list({ credentialId, clientId, userId, liveAt }) {
      let query = db.selectFrom('sessions').selectAll()
      if (credentialId !== undefined) query = query.where('credentialId', '=', credentialId)
      if (clientId !== undefined) query = query.where('clientId', '=', clientId)
      if (userId !== undefined) query = query.where('userId', '=', userId)
      if (liveAt !== undefined)
        query = query.where('revokedAt', 'is', null).where('expiresAt', '>', liveAt)
      const rows = await query.orderBy('createdAt').orderBy('id').execute()
      return rows.map((row) => toSession(row, seal))
    },
    async reserveSequence(id, direction, upTo) {
      const column = reservedColumn[direction]
      // RETURNING gives what is there afterwards; what was there before must hold when it is replaced.
      for (;;) {
        const before = await reserved(id, column)
        if (upTo <= before) return before
        const moved = await db
          .updateTable('sessions')
          .set({ [column]: upTo })
          .where('id', '=', id)
          .where(column, '=', before)
          .returning('id')
          .executeTakeFirst()
        if (moved) return before
      }
    },
    sweep: (before) => removeExpired(db, 'sessions', before),
  }
}

const keysContext = (id: string) => `sessions.keys:${id}`

function toRow(session: Session, seal: Seal): Insertable<SessionRow> {
  const { clientKey, grants, keys, ...plain } = session
  return {
    ...plain,
    clientKey: toJson(clientKey),
    grants: toJson(grants),
    ...(keys && { sealedKeys: seal.seal(toJson(keys), keysContext(session.id)) }),
    reservedFromClient: 0,
    reservedFromServer: 0,
  }
}

function toSession(row: Selectable<SessionRow>, seal: Seal): Session {
  const { reservedFromClient: _, reservedFromServer: __, sealedKeys, ...plain } = withoutNulls(row)
  return {
    ...plain,
    clientKey: fromJson(plain.clientKey),
    grants: fromJson(plain.grants),
    ...(sealedKeys === undefined
      ? {}
      : { keys: fromJson(seal.open(sealedKeys, keysContext(row.id))) }),
  }
}
