import type { Grant } from '../ports/grants.ts'
import { endGrant, type GrantPorts } from './end-grant.ts'

/** Ends a grant for whoever is not its agent and records who did it. False when it had ended before. */
export async function endGrantBy(
  ports: GrantPorts,
  grant: Grant,
  decidedBy: 'user' | 'gateway' | `operator:${string}`,
): Promise<boolean> {
  const { ended } = await endGrant(ports, grant)
  if (!ended) return false
  ports.audit.record({
    event: 'token_revoked',
    outcome: 'allowed',
    agent_id: grant.agentId,
    client_id: grant.clientId,
    user_id: grant.userId,
    provider_id: grant.providerId,
    grant_id: grant.id,
    decided_by: decidedBy,
  })
  await ports.audit.settled()
  return true
}
