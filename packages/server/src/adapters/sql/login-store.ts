import { prefix, type Random } from '@ath-protocol/types'
import type { Kysely, Selectable } from 'kysely'
import type { LoginStore, Person } from '../../ports/logins.ts'
import type { Seal } from '../../ports/seal.ts'
import { removeExpired } from './remove-expired.ts'
import { withoutNulls } from './row.ts'
import type { Tables, UserRow } from './tables.ts'

/** `returnTo` is sealed too: it may hold the opaque part of an authorization URL, of which only a hash may be kept. */
export function createLoginStore(db: Kysely<Tables>, seal: Seal, random: Random): LoginStore {
  return {
    async ensureUser({ issuer, subject, name, email }) {
      const news = {
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
      }
      const row = await db
        .insertInto('users')
        .values({ id: `${prefix.user}${random.token(16)}`, issuer, subject, ...news })
        .onConflict((conflict) =>
          // Setting the issuer to itself makes RETURNING answer with the row that was there.
          conflict.columns(['issuer', 'subject']).doUpdateSet({ issuer, ...news }),
        )
        .returningAll()
        .executeTakeFirstOrThrow()
      return toPerson(row)
    },
    async findUser(id) {
      const row = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
      return row && toPerson(row)
    },
    async insertSession({ csrfToken, ...session }) {
      await db
        .insertInto('loginSessions')
        .values({ ...session, sealedCsrfToken: seal.seal(csrfToken, csrfContext(session.hash)) })
        .execute()
    },
    async findSession(hash) {
      const row = await db
        .selectFrom('loginSessions')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      if (!row) return undefined
      const { sealedCsrfToken, ...session } = row
      return { ...session, csrfToken: seal.open(sealedCsrfToken, csrfContext(hash)) }
    },
    async removeSession(hash) {
      await db.deleteFrom('loginSessions').where('hash', '=', hash).execute()
    },
    async insertFlow({ codeVerifier, nonce, returnTo, ...flow }) {
      const context = flowContexts(flow.stateHash)
      await db
        .insertInto('loginFlows')
        .values({
          ...flow,
          sealedCodeVerifier: seal.seal(codeVerifier, context.codeVerifier),
          sealedNonce: seal.seal(nonce, context.nonce),
          sealedReturnTo: seal.seal(returnTo, context.returnTo),
        })
        .execute()
    },
    async takeFlow(stateHash) {
      const row = await db
        .deleteFrom('loginFlows')
        .where('stateHash', '=', stateHash)
        .returningAll()
        .executeTakeFirst()
      if (!row) return undefined
      const { sealedCodeVerifier, sealedNonce, sealedReturnTo, ...flow } = row
      const context = flowContexts(stateHash)
      return {
        ...flow,
        codeVerifier: seal.open(sealedCodeVerifier, context.codeVerifier),
        nonce: seal.open(sealedNonce, context.nonce),
        returnTo: seal.open(sealedReturnTo, context.returnTo),
      }
    },
    async sweep(before) {
      const swept = await Promise.all(
        (['loginSessions', 'loginFlows'] as const).map((table) => removeExpired(db, table, before)),
      )
      return swept.reduce((total, count) => total + count, 0)
    },
  }
}

const csrfContext = (hash: string) => `loginSessions.csrfToken:${hash}`

const flowContexts = (stateHash: string) => ({
  codeVerifier: `loginFlows.codeVerifier:${stateHash}`,
  nonce: `loginFlows.nonce:${stateHash}`,
  returnTo: `loginFlows.returnTo:${stateHash}`,
})

function toPerson(row: Selectable<UserRow>): Person {
  return withoutNulls(row)
}
