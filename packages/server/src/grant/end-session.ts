import type { AthPorts } from '../endpoint/ports.ts'
import { endGrant, type GrantPorts } from './end-grant.ts'
import type { Session } from '../ports/nine-step.ts'

/**
 * Ends a session with every permission in it: no token of it is taken from now on, and none is renewed. Records who
 * ended it. False when it had ended before.
 */
export async function endSession(
  ports: GrantPorts & Pick<AthPorts, 'nineStep'>,
  session: Session,
  decidedBy: 'agent' | 'user' | 'gateway' | `operator:${string}`,
): Promise<boolean> {
  const ended = await ports.nineStep?.sessions.revoke(session.id, ports.clock.now())
  for (const { grantId } of session.grants) {
    const grant = await ports.grants.find(grantId)
    if (grant && grant.revokedAt === undefined) await endGrant(ports, grant)
  }
  if (!ended) return false
  ports.audit.record({
    event: 'session_ended',
    outcome: 'allowed',
    agent_id: session.agentId,
    client_id: session.clientId,
    client_did: session.clientDid,
    user_id: session.userId,
    session_id: session.id,
    decided_by: decidedBy,
  })
  await ports.audit.settled()
  return true
}
