import type { TokenRecord, TokenStore } from '../../ports/grants.ts'
import type { Kysely, Selectable } from 'kysely'
import { removeExpired } from './remove-expired.ts'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { Tables, TokenRow } from './tables.ts'

export function createTokenStore(db: Kysely<Tables>): TokenStore {
  return {
    async insert(token) {
      await db
        .insertInto('tokens')
        .values({ ...token, scopes: toJson(token.scopes) })
        .execute()
    },
    async find(hash) {
      const row = await db
        .selectFrom('tokens')
        .selectAll()
        .where('hash', '=', hash)
        .executeTakeFirst()
      return row && toToken(row)
    },
    async revoke(hash, at) {
      const revoked = await db
        .updateTable('tokens')
        .set({ revokedAt: at })
        .where('hash', '=', hash)
        .where('revokedAt', 'is', null)
        .returning('hash')
        .executeTakeFirst()
      return revoked !== undefined
    },
    async revokeByGrant(grantId, at) {
      const { numUpdatedRows } = await db
        .updateTable('tokens')
        .set({ revokedAt: at })
        .where('grantId', '=', grantId)
        .where('revokedAt', 'is', null)
        .where('expiresAt', '>', at)
        .executeTakeFirst()
      return Number(numUpdatedRows)
    },
    sweep: (before) => removeExpired(db, 'tokens', before),
  }
}

function toToken(row: Selectable<TokenRow>): TokenRecord {
  const { scopes, ...plain } = withoutNulls(row)
  return { ...plain, scopes: fromJson(scopes) }
}
