import type { RegistrationStatus } from '@ath-protocol/server'
import type {
  AgentId,
  ApprovedProvider,
  ClientId,
  Failure,
  GrantId,
  ProviderId,
  UserId,
} from '@ath-protocol/types'

/** An agent as it is now. One object for all its tokens, so that a change reaches them all at once. */
export interface LiveAgent {
  readonly clientId: ClientId
  status: RegistrationStatus
  approvalExpiresAt: number
  approvals: readonly ApprovedProvider[]
  /** Something changed and was not read again yet: no new call may rely on this object. */
  stale: boolean
  /** How many live tokens point here. */
  tokens: number
}

export interface LiveGrant {
  readonly id: GrantId
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
export function endOf(token: LiveToken, now: number): Failure | undefined {
  if (token.revokedAt !== undefined) return { reason: 'token_revoked' }
  if (now >= token.expiresAt) return { reason: 'token_expired' }
  return grantFault(token.grant, now) ?? agentFault(token.agent, now)
}
