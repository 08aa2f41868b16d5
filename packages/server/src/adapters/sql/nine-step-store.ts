import type { NineStepChanges, NineStepHandshake, NineStepStore } from '../../ports/nine-step.ts'
import { type NineStepState, nineStepStateAfter, nineStepStatesBefore } from '@ath-protocol/types'
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import type { NineStepHandshakeRow } from './nine-step-tables.ts'
import { fromJson, toJson, withoutNulls } from './row.ts'
import { removeExpired } from './remove-expired.ts'
import type { Tables } from './tables.ts'

/** A transition is one UPDATE whose WHERE holds the legal states and the expiry, so that of two messages one wins. */
export function createNineStepStore(db: Kysely<Tables>): NineStepStore {
  return {
    async insert(handshake) {
      await db.insertInto('nineStepHandshakes').values(toRow(handshake)).execute()
    },
    async find(id) {
      const row = await db
        .selectFrom('nineStepHandshakes')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      return row && toHandshake(row)
    },
    async advance(id, event, now, changes = {}) {
      const row = await db
        .updateTable('nineStepHandshakes')
        .set({ ...toColumns(changes), state: nineStepStateAfter(event) })
        .where('id', '=', id)
        .where('state', 'in', nineStepStatesBefore(event))
        .where('expiresAt', '>', now)
        .returningAll()
        .executeTakeFirst()
      return row && toHandshake(row)
    },
    sweep: (before) => removeExpired(db, 'nineStepHandshakes', before),
  }
}

function toRow(handshake: NineStepHandshake): Insertable<NineStepHandshakeRow> {
  const { transcript, grants, clientKey, encrypted, ...plain } = handshake
  return {
    ...plain,
    ...transcript,
    clientKey: toJson(clientKey),
    encrypted: encrypted ? 1 : 0,
    ...(grants && { grants: toJson(grants) }),
  }
}

/** Each message has its own column, so that a step adds one without reading the others. */
function toColumns(changes: NineStepChanges): Updateable<NineStepHandshakeRow> {
  const { transcript, grants, ...plain } = changes
  return { ...plain, ...transcript, ...(grants && { grants: toJson(grants) }) }
}

function toHandshake(row: Selectable<NineStepHandshakeRow>): NineStepHandshake {
  const { m1, m2, m3, m4, m5, m8, ...rest } = row
  const { grants, ...plain } = withoutNulls(rest)
  return {
    ...plain,
    state: plain.state as NineStepState,
    clientKey: fromJson(plain.clientKey),
    encrypted: plain.encrypted === 1,
    transcript: withoutNulls({ m1, m2, m3, m4, m5, m8 }),
    ...(grants === undefined ? {} : { grants: fromJson(grants) }),
  }
}
