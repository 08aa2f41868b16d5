import type { AthPorts } from '../endpoint/ports.ts'
import type { Grant } from '../ports/grants.ts'

/** What ending a grant stands on: less than the endpoints, since operators end grants too. */
export type GrantPorts = Pick<
  AthPorts,
  'clock' | 'grants' | 'tokens' | 'providerTokens' | 'oauth' | 'live' | 'audit' | 'report'
>

/**
 * Ends a grant: durable first, then everything in memory, then upstream (R107). Returns false when it had ended before.
 * The upstream's own revocation does not hold up the caller: the promise in `upstream` settles when it is done.
 */
export async function endGrant(
  ports: GrantPorts,
  grant: Grant,
): Promise<{ readonly ended: boolean; readonly upstream: Promise<void> }> {
  const now = ports.clock.now()
  const ended = await ports.grants.revoke(grant.id, now)
  await ports.tokens.revokeByGrant(grant.id, now)
  ports.live.grantRevoked(grant.id)
  return {
    ended,
    upstream: endUpstream(ports, grant).catch((cause) => ports.report(cause, grant.id)),
  }
}

/** Gives the provider's tokens back. When the provider does not answer they are kept, sealed, for the next sweep. */
export async function endUpstream(ports: GrantPorts, grant: Grant): Promise<void> {
  const tokens = await ports.providerTokens.find(grant.id)
  if (!tokens) return
  const revoked = await ports.oauth.revoke(grant.providerId, tokens)
  // Where the provider is no longer configured nobody can be asked, now or later.
  const isGone = !revoked.ok && revoked.error.reason === 'provider_unknown'
  if (revoked.ok || isGone) await ports.providerTokens.remove(grant.id)
  ports.audit.record({
    event: 'upstream_token_revoked',
    outcome: revoked.ok ? 'allowed' : 'error',
    agent_id: grant.agentId,
    client_id: grant.clientId,
    user_id: grant.userId,
    provider_id: grant.providerId,
    grant_id: grant.id,
    denial_reason: revoked.ok ? undefined : revoked.error.reason,
  })
}
