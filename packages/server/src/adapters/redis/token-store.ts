import type { TokenRecord, TokenStore } from '../../ports/grants.ts'
import { createTable, type RedisPorts } from './table.ts'

export function createTokenStore(ports: RedisPorts): TokenStore {
  const table = createTable<TokenRecord>(ports, {
    name: 'token',
    idOf: ({ hash }) => hash,
    lists: ({ grantId }) => [grantId],
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  const revoke = async (hash: string, at: number, may: (token: TokenRecord) => boolean) =>
    (await table.update(hash, (token) =>
      token.revokedAt === undefined && may(token) ? { ...token, revokedAt: at } : undefined,
    )) !== undefined
  return {
    async insert(token) {
      if (!(await table.insert(token))) throw new Error('a token with this hash is stored already')
    },
    find: (hash) => table.find(hash),
    revoke: (hash, at) => revoke(hash, at, () => true),
    async revokeByGrant(grantId, at) {
      const tokens = await table.list(grantId)
      const revoked = await Promise.all(
        tokens.map(({ hash }) => revoke(hash, at, ({ expiresAt }) => expiresAt > at)),
      )
      return revoked.filter(Boolean).length
    },
    sweep: (before) => table.sweep(before),
  }
}
