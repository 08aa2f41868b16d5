import type { ProviderTokens, ProviderTokenStore } from '../../ports/provider-tokens.ts'
import type { Seal } from '../../ports/seal.ts'
import type { RedisPorts } from './table.ts'

/** Everything the upstream gave is one sealed value: not even its scopes or its expiry show. */
export function createProviderTokenStore(
  { redis, prefix }: RedisPorts,
  seal: Seal,
): ProviderTokenStore {
  const key = `${prefix}:providerTokens`
  const context = (grantId: string) => `providerTokens.tokens:${grantId}`
  return {
    async save(grantId, tokens) {
      await redis.hset(key, grantId, seal.seal(JSON.stringify(tokens), context(grantId)))
    },
    async find(grantId) {
      const sealed = await redis.hget(key, grantId)
      if (sealed === null) return undefined
      return JSON.parse(seal.open(sealed, context(grantId))) as ProviderTokens
    },
    async remove(grantId) {
      await redis.hdel(key, grantId)
    },
    listGrantIds: () => redis.hkeys(key),
  }
}
