import type { RegistrationStatus } from '../ports/registry.ts'
import type {
  AgentId,
  ApprovedProvider,
  ClientId,
  CompiledRestrictions,
  Failure,
  GrantId,
  ProviderId,
  Restrictions,
  UserId,
} from '@ath-protocol/types'
import type { LiveSession } from './live-sessions.ts'

/** An agent as it is now. One object for all its tokens, so that a change reaches them all at once. */
export interface LiveAgent {
  readonly clientId: ClientId
  status: RegistrationStatus
  approvalExpiresAt: number
  approvals: readonly ApprovedProvider[]
  restrictions: Restrictions | undefined
  /** Something changed and was not read again yet: no new call may rely on this object. */
  stale: boolean
  /** How many live tokens point here. */
  tokens: number
}

export interface LiveGrant {
  readonly id: GrantId
  readonly providerId: ProviderId
  /** As they were when the user agreed. */
  readonly restrictions: readonly Restrictions[] | undefined
  /** All that limits its calls now (U13); undefined when nothing does. */
  limits: CompiledRestrictions | undefined
  readonly expiresAt: number
  revokedAt: number | undefined
  tokens: number
}

/** A token as it is now. Whoever holds it sees a revocation without asking anybody. Instants are Unix seconds. */
export interface LiveToken {
  readonly hash: string
  /** For the audit: the first 8 bytes of the hash, hex. */
  readonly ref: string
  readonly clientId: ClientId
  readonly agentId: AgentId
  /** Of a session's token (U9). */
  readonly session: LiveSession | undefined
  readonly clientDid: string | undefined
  readonly userId: UserId
  readonly providerId: ProviderId
  /** Those it was issued with. */
  readonly issuedScopes: ReadonlySet<string>
  /** Of those, what the service approves now: an approval that was narrowed takes them away, another gives them back. */
  scopes: ReadonlySet<string>
  readonly expiresAt: number
  readonly agent: LiveAgent
  readonly grant: LiveGrant
  revokedAt: number | undefined
  /** Calls in flight. While there are any, this object stays in sight of revocations. */
  uses: number
}

/** Why the service no longer lets this agent in, if so (R113). */
export function agentFault(agent: LiveAgent, now: number): Failure | undefined {
  if (agent.status !== 'approved') return { reason: `agent_${agent.status}` }
  return now >= agent.approvalExpiresAt ? { reason: 'agent_approval_expired' } : undefined
}

/** Why the user's permission no longer holds, if so. */
export function grantFault(grant: LiveGrant, now: number): Failure | undefined {
  if (grant.revokedAt !== undefined) return { reason: 'token_revoked' }
  return now >= grant.expiresAt ? { reason: 'token_expired' } : undefined
}

/** Why a call that was let in may not go on, if so. No call outlives the permission it was made under (R107). */
export function endOf(token: LiveToken, now: number, ip: string): Failure | undefined {
  if (token.revokedAt !== undefined) return { reason: 'token_revoked' }
  if (now >= token.expiresAt) return { reason: 'token_expired' }
  return (
    grantFault(token.grant, now) ?? agentFault(token.agent, now) ?? limitFault(token.grant, now, ip)
  )
}

/** Whether this is no longer the time or the network to call from (U13). */
function limitFault({ limits }: LiveGrant, now: number, ip: string): Failure | undefined {
  const within = limits?.check({ ip, now })
  return within === undefined || within.ok
    ? undefined
    : { reason: 'restricted', fault: within.error }
}
