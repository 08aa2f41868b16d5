import { type AthPorts } from '../endpoint/ports.ts'
import { endGrantBy } from '../grant/end-grant-by.ts'
import { endSession } from '../grant/end-session.ts'
import { type Grant } from '../ports/grants.ts'
import { distinctRestrictions, prefix, type UserId } from '@ath-protocol/types'
import type { MyPermission, MyPermissions } from '../me/my-agents.ts'

/** What a person sees on their own page of the permissions they gave, and the way to end one. */
export function myPermissions(ports: AthPorts): MyPermissions {
  return {
    async list(userId, now) {
      const grants = await ports.grants.list({ userId, liveAt: now })
      const together = new Map<string, Grant[]>()
      for (const grant of grants) {
        const key = grant.sessionId ?? grant.id
        together.set(key, [...(together.get(key) ?? []), grant])
      }
      const permissions = await Promise.all(
        [...together].map(([id, parts]) => permission(ports, id, parts)),
      )
      return permissions.sort((one, other) => other.createdAt - one.createdAt)
    },
    async revoke(userId, id) {
      if (await endOwnSession(ports, userId, id)) return
      const grant = await ports.grants.find(id)
      if (grant?.userId === userId) await endGrantBy(ports, grant, 'user')
    },
  }
}

async function endOwnSession(ports: AthPorts, userId: UserId, id: string): Promise<boolean> {
  if (!id.startsWith(prefix.session)) return false
  const session = await ports.nineStep?.sessions.find(id)
  if (session?.userId === userId) await endSession(ports, session, 'user')
  return true
}

async function permission(
  ports: AthPorts,
  id: string,
  grants: readonly Grant[],
): Promise<MyPermission> {
  const first = grants[0] as Grant
  const agent = await ports.registry.findByClientId(first.clientId)
  return {
    id,
    agentName: agent?.name ?? first.agentId,
    providers: grants.map(({ providerId, scopes }) => {
      const provider = ports.config.providers.get(providerId)
      return {
        name: provider?.displayName ?? providerId,
        scopes: scopes.map((name) => ({
          name,
          description: provider?.scopes.find((scope) => scope.name === name)?.description,
        })),
      }
    }),
    restrictions: distinctRestrictions(grants.flatMap(({ restrictions }) => restrictions ?? [])),
    createdAt: Math.min(...grants.map(({ createdAt }) => createdAt)),
    expiresAt: Math.max(...grants.map(({ expiresAt }) => expiresAt)),
  }
}
