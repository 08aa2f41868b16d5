import type { ConsentRequest, ConsentStore } from '../../ports/consents.ts'
import type { Insertable, Kysely, Selectable } from 'kysely'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { ConsentRow } from './nine-step-tables.ts'
import type { Tables } from './tables.ts'

/** A decision is one UPDATE whose WHERE holds that there is none and that there is time, so that of two answers one wins. */
export function createConsentStore(db: Kysely<Tables>): ConsentStore {
  const findBy = async (column: 'id' | 'handshakeId', value: string) => {
    const row = await db
      .selectFrom('consents')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row && toConsent(row)
  }
  return {
    async insert(consent) {
      const inserted = await db
        .insertInto('consents')
        .values(toRow(consent))
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      return inserted !== undefined
    },
    find: (id) => findBy('id', id),
    findByHandshake: (handshakeId) => findBy('handshakeId', handshakeId),
    async decide(id, decision) {
      const row = await db
        .updateTable('consents')
        .set(decisionColumns(decision))
        .where('id', '=', id)
        .where('decidedAt', 'is', null)
        .where('expiresAt', '>', decision.decidedAt)
        .returningAll()
        .executeTakeFirst()
      return row && toConsent(row)
    },
    async list({ userId, pendingAt, limit = 100 }) {
      let query = db
        .selectFrom('consents')
        .selectAll()
        .where((is) => is.or([is('userId', '=', userId), is('decidedByUser', '=', userId)]))
      if (pendingAt !== undefined)
        query = query.where('decidedAt', 'is', null).where('expiresAt', '>', pendingAt)
      const rows = await query.orderBy('createdAt', 'desc').orderBy('id').limit(limit).execute()
      return rows.map(toConsent)
    },
    async takeExpired(now) {
      const rows = await db
        .updateTable('consents')
        .set({ told: 1 })
        .where('told', '=', 0)
        .where('decidedAt', 'is', null)
        .where('expiresAt', '<=', now)
        .returningAll()
        .execute()
      return rows.map(toConsent)
    },
    async sweep(before) {
      const { numDeletedRows } = await db
        .deleteFrom('consents')
        .where((is) =>
          is.or([
            is('decidedAt', '<', before),
            is.and([is('decidedAt', 'is', null), is('expiresAt', '<', before)]),
          ]),
        )
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}

function decisionColumns(decision: NonNullable<ConsentRequest['decision']>) {
  return {
    decision: toJson(decision),
    decidedByUser: decision.userId,
    decidedAt: decision.decidedAt,
  }
}

function toRow(consent: ConsentRequest): Insertable<ConsentRow> {
  const { handshake, requested, offered, restrictions, decision, ...plain } = consent
  return {
    ...plain,
    handshakeKind: handshake.kind,
    handshakeId: handshake.id,
    requested: toJson(requested),
    offered: toJson(offered),
    restrictions: toJson(restrictions),
    ...(decision && decisionColumns(decision)),
    told: 0,
  }
}

function toConsent(row: Selectable<ConsentRow>): ConsentRequest {
  const {
    handshakeKind,
    handshakeId,
    decision,
    decidedByUser: _,
    decidedAt: __,
    told: ___,
    ...plain
  } = withoutNulls(row)
  return {
    ...plain,
    handshake: { kind: handshakeKind as ConsentRequest['handshake']['kind'], id: handshakeId },
    risk: plain.risk as ConsentRequest['risk'],
    requested: fromJson(plain.requested),
    offered: fromJson(plain.offered),
    restrictions: fromJson(plain.restrictions),
    ...(decision === undefined ? {} : { decision: fromJson(decision) }),
  }
}
