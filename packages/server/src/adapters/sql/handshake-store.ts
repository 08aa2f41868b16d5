import type { Handshake, HandshakeChanges, HandshakeStore } from '../../ports/handshakes.ts'
import { type HandshakeState, stateAfter, statesBefore } from '@ath-protocol/types'
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import type { Seal } from '../../ports/seal.ts'
import { removeExpired } from './remove-expired.ts'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { HandshakeRow, Tables } from './tables.ts'

/** A transition is one UPDATE whose WHERE holds the legal states and the expiry, so that of two callers one wins. */
export function createHandshakeStore(db: Kysely<Tables>, seal: Seal): HandshakeStore {
  const open = (row: Selectable<HandshakeRow> | undefined) => row && toHandshake(row, seal)
  return {
    async insert(handshake) {
      await db.insertInto('handshakes').values(toRow(handshake, seal)).execute()
    },
    async find(id) {
      return open(
        await db.selectFrom('handshakes').selectAll().where('id', '=', id).executeTakeFirst(),
      )
    },
    async findByOpaque(opaqueHash) {
      return open(
        await db
          .selectFrom('handshakes')
          .selectAll()
          .where('opaqueHash', '=', opaqueHash)
          .executeTakeFirst(),
      )
    },
    async takeByUpstreamState(upstreamStateHash) {
      const row = await db
        .updateTable('handshakes')
        .set({ upstreamStateHash: null })
        .where('upstreamStateHash', '=', upstreamStateHash)
        .returningAll()
        .executeTakeFirst()
      return open(row && { ...row, upstreamStateHash })
    },
    async advance(id, event, now, changes = {}) {
      return open(
        await db
          .updateTable('handshakes')
          .set({ ...toColumns(changes), state: stateAfter(event) })
          .where('id', '=', id)
          .where('state', 'in', statesBefore(event))
          .where('expiresAt', '>', now)
          .returningAll()
          .executeTakeFirst(),
      )
    },
    sweep: (before) => removeExpired(db, 'handshakes', before),
  }
}

const context = (column: string, id: string) => `handshakes.${column}:${id}`

function toRow(handshake: Handshake, seal: Seal): Insertable<HandshakeRow> {
  const { codeVerifier, nonce, requestedScopes, offeredScopes, consentedScopes, ...plain } =
    handshake
  return {
    ...plain,
    ...listColumns({ offeredScopes, consentedScopes }),
    requestedScopes: toJson(requestedScopes),
    sealedCodeVerifier: seal.seal(codeVerifier, context('codeVerifier', handshake.id)),
    sealedNonce: seal.seal(nonce, context('nonce', handshake.id)),
  }
}

function toColumns(changes: HandshakeChanges): Updateable<HandshakeRow> {
  const { offeredScopes, consentedScopes, ...plain } = changes
  return { ...plain, ...listColumns({ offeredScopes, consentedScopes }) }
}

function listColumns(lists: {
  readonly offeredScopes: readonly string[] | undefined
  readonly consentedScopes: readonly string[] | undefined
}): { offeredScopes?: string; consentedScopes?: string } {
  return {
    ...(lists.offeredScopes && { offeredScopes: toJson(lists.offeredScopes) }),
    ...(lists.consentedScopes && { consentedScopes: toJson(lists.consentedScopes) }),
  }
}

function toHandshake(row: Selectable<HandshakeRow>, seal: Seal): Handshake {
  const {
    sealedCodeVerifier,
    sealedNonce,
    requestedScopes,
    offeredScopes,
    consentedScopes,
    upstreamStateHash,
    state,
    ...plain
  } = withoutNulls(row)
  return {
    ...plain,
    state: state as HandshakeState,
    // Forgotten once taken; the empty text is no hash and finds nothing.
    upstreamStateHash: upstreamStateHash ?? '',
    requestedScopes: fromJson(requestedScopes),
    ...(offeredScopes === undefined ? {} : { offeredScopes: fromJson(offeredScopes) }),
    ...(consentedScopes === undefined ? {} : { consentedScopes: fromJson(consentedScopes) }),
    codeVerifier: seal.open(sealedCodeVerifier, context('codeVerifier', row.id)),
    nonce: seal.open(sealedNonce, context('nonce', row.id)),
  }
}
