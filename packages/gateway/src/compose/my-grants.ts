import { type AthPorts, endGrantBy } from '@ath-protocol/server'
import type { MyGrant, MyGrants } from '../login/my-agents.ts'

/** What a person sees on their own page of the grants they gave, and the way to end one. */
export function myGrants(ports: AthPorts): MyGrants {
  return {
    async list(userId, now) {
      const grants = await ports.grants.list({ userId, liveAt: now })
      return Promise.all(
        grants.map(async ({ id, clientId, agentId, providerId, scopes, createdAt, expiresAt }) => {
          const agent = await ports.registry.findByClientId(clientId)
          const provider = ports.config.providers.get(providerId)
          const mine: MyGrant = {
            id,
            agentName: agent?.name ?? agentId,
            providerName: provider?.displayName ?? providerId,
            scopes: scopes.map((name) => ({
              name,
              description: provider?.scopes.find((scope) => scope.name === name)?.description,
            })),
            createdAt,
            expiresAt,
          }
          return mine
        }),
      )
    },
    async revoke(userId, grantId) {
      const grant = await ports.grants.find(grantId)
      if (grant?.userId === userId) await endGrantBy(ports, grant, 'user')
    },
  }
}
