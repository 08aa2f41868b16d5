import type { ProviderTokens, ProviderTokenStore } from '../../ports/provider-tokens.ts'
import type { Kysely } from 'kysely'
import type { Seal } from '../../ports/seal.ts'
import { fromJson, toJson } from './row.ts'
import type { Tables } from './tables.ts'

/** Everything the upstream gave is one sealed value: not even its scopes or its expiry show on disk. */
export function createProviderTokenStore(db: Kysely<Tables>, seal: Seal): ProviderTokenStore {
  const context = (grantId: string) => `providerTokens.tokens:${grantId}`
  return {
    async save(grantId, tokens) {
      const sealedTokens = seal.seal(toJson(tokens), context(grantId))
      await db
        .insertInto('providerTokens')
        .values({ grantId, sealedTokens })
        .onConflict((conflict) => conflict.column('grantId').doUpdateSet({ sealedTokens }))
        .execute()
    },
    async find(grantId) {
      const row = await db
        .selectFrom('providerTokens')
        .select('sealedTokens')
        .where('grantId', '=', grantId)
        .executeTakeFirst()
      return row && fromJson<ProviderTokens>(seal.open(row.sealedTokens, context(grantId)))
    },
    async remove(grantId) {
      await db.deleteFrom('providerTokens').where('grantId', '=', grantId).execute()
    },
    async listGrantIds() {
      const rows = await db.selectFrom('providerTokens').select('grantId').execute()
      return rows.map(({ grantId }) => grantId)
    },
  }
}
