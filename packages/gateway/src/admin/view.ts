import type { Grant, Registration, Session } from '@ath-protocol/server'
import type { Restrictions } from '@ath-protocol/types'

/** One agent, as the admin API tells it: everything but its secrets. Instants are RFC 3339. */
export interface AgentView {
  readonly client_id: string
  readonly agent_id: string
  readonly name: string
  readonly status: 'approved' | 'pending' | 'denied' | 'suspended' | 'expired'
  readonly developer: { readonly name: string; readonly id: string; readonly contact?: string }
  /** Of an agent that comes by DID: the RFC 7638 thumbprint of the only key that may speak for it. */
  readonly key_thumbprint?: string
  /** The agent's own words. */
  readonly purpose?: string
  readonly requested: readonly {
    readonly provider_id: string
    readonly scopes: readonly string[]
  }[]
  readonly approved_providers: readonly {
    readonly provider_id: string
    readonly approved_scopes: readonly string[]
    readonly denied_scopes: readonly string[]
    readonly denial_reason?: string | undefined
  }[]
  /** What its approval is limited to (U13). */
  readonly restrictions?: Restrictions
  readonly approval_expires: string
  readonly registered_at: string
  readonly decided_at: string
  readonly decided_by: string
}

export interface GrantView {
  readonly grant_id: string
  readonly client_id: string
  readonly agent_id: string
  readonly user_id: string
  readonly provider_id: string
  readonly scopes: readonly string[]
  /** What it was limited to when the user agreed (U13). */
  readonly restrictions?: readonly Restrictions[]
  /** The session it belongs to; absent when it came by the two-phase handshake. */
  readonly session_id?: string
  readonly created_at: string
  readonly expires_at: string
  readonly revoked_at?: string
}

export interface SessionView {
  readonly session_id: string
  readonly client_did: string
  readonly client_id: string
  readonly agent_id: string
  readonly user_id: string
  readonly grants: readonly { readonly grant_id: string; readonly provider_id: string }[]
  readonly encrypted: boolean
  readonly created_at: string
  readonly expires_at: string
  readonly ended_at?: string
}

export interface StatusView {
  readonly mode: 'dev' | 'start' | 'offline'
  readonly url: string
  readonly started_at: string
  readonly agents: Readonly<Record<AgentView['status'], number>>
  readonly live_grants: number
  readonly providers: readonly string[]
}

/** What a refused wish answers. */
export interface FaultView {
  readonly problem: string
  readonly fix?: string
}

export function viewAgent(agent: Registration, now: number): AgentView {
  const isExpired = agent.status === 'approved' && agent.approvalExpiresAt <= now
  return {
    client_id: agent.clientId,
    agent_id: agent.agentId,
    name: agent.name,
    status: isExpired ? 'expired' : agent.status,
    developer: agent.developer,
    ...(agent.keyThumbprint === undefined ? {} : { key_thumbprint: agent.keyThumbprint }),
    ...(agent.purpose === undefined ? {} : { purpose: agent.purpose }),
    requested: agent.requested.map(({ providerId, scopes }) => ({
      provider_id: providerId,
      scopes,
    })),
    approved_providers: agent.approvals.map((approval) => ({
      provider_id: approval.provider_id,
      approved_scopes: approval.approved_scopes,
      denied_scopes: approval.denied_scopes,
      ...(approval.denial_reason === undefined ? {} : { denial_reason: approval.denial_reason }),
    })),
    ...(agent.restrictions === undefined ? {} : { restrictions: agent.restrictions }),
    approval_expires: instant(agent.approvalExpiresAt),
    registered_at: instant(agent.registeredAt),
    decided_at: instant(agent.decidedAt),
    decided_by: agent.decidedBy,
  }
}

export function viewGrant(grant: Grant): GrantView {
  return {
    grant_id: grant.id,
    client_id: grant.clientId,
    agent_id: grant.agentId,
    user_id: grant.userId,
    provider_id: grant.providerId,
    scopes: grant.scopes,
    ...(grant.restrictions?.length ? { restrictions: grant.restrictions } : {}),
    ...(grant.sessionId === undefined ? {} : { session_id: grant.sessionId }),
    created_at: instant(grant.createdAt),
    expires_at: instant(grant.expiresAt),
    ...(grant.revokedAt === undefined ? {} : { revoked_at: instant(grant.revokedAt) }),
  }
}

export function viewSession(session: Session): SessionView {
  return {
    session_id: session.id,
    client_did: session.clientDid,
    client_id: session.clientId,
    agent_id: session.agentId,
    user_id: session.userId,
    grants: session.grants.map(({ grantId, providerId }) => ({
      grant_id: grantId,
      provider_id: providerId,
    })),
    encrypted: session.keys !== undefined,
    created_at: instant(session.createdAt),
    expires_at: instant(session.expiresAt),
    ...(session.revokedAt === undefined ? {} : { ended_at: instant(session.revokedAt) }),
  }
}

export function instant(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString()
}
