import type { AuditSink } from '../ports/audit.ts'
import type { OAuthBridge } from '../ports/oauth.ts'
import type { ProviderTokenStore, ProviderTokens } from '../ports/provider-tokens.ts'
import {
  type Clock,
  type Failure,
  fail,
  type GrantId,
  ok,
  type ProviderId,
  type Result,
} from '@ath-protocol/types'
import type { HeaderList } from '../proxy/headers.ts'
import type { LiveGrant, LiveToken } from '../story/live-token.ts'
import type { Credential } from './credential.ts'

/** A token is renewed when it has less than this to live, so that it does not end on its way. */
const renewAheadSeconds = 60

export interface UpstreamTokenDeps {
  readonly providerTokens: Pick<ProviderTokenStore, 'find' | 'save'>
  readonly oauth: Pick<OAuthBridge, 'refresh'>
  readonly audit: AuditSink
  readonly clock: Clock
  /** Ends the ATH grant: what the user allowed cannot be used any more, so they have to be asked again. */
  readonly endGrant: (grantId: GrantId) => Promise<void>
}

interface Held {
  readonly tokens: ProviderTokens
  readonly minted: Result<HeaderList, Failure>
}

/**
 * The user's own token at an OAuth provider (R97): held in memory while its grant is in use, renewed once for all who
 * wait. When the provider says that there is nothing to renew, the ATH grant ends too.
 */
export function oauth2Credential(providerId: ProviderId, deps: UpstreamTokenDeps): Credential {
  const held = new WeakMap<LiveGrant, Held>()
  const running = new Map<GrantId, Promise<Result<HeaderList, Failure>>>()

  function hold(grant: LiveGrant, tokens: ProviderTokens): Result<HeaderList, Failure> {
    const minted = ok(['authorization', `Bearer ${tokens.accessToken}`])
    held.set(grant, { tokens, minted })
    return minted
  }

  async function obtain(token: LiveToken): Promise<Result<HeaderList, Failure>> {
    const { grant } = token
    // What is held may be old: another process renews, too, and a refresh token is good once.
    const tokens = await deps.providerTokens.find(grant.id)
    if (!tokens) return credentialFault('no token of this provider is held for the grant')
    const left = secondsLeft(tokens, deps.clock.now())
    if (left > renewAheadSeconds) return hold(grant, tokens)
    if (tokens.refreshToken === undefined) {
      if (left > 0) return hold(grant, tokens)
      await deps.endGrant(grant.id)
      return credentialFault('the token ran out and there is no refresh token')
    }
    const refreshed = await deps.oauth.refresh(providerId, tokens)
    record(token, refreshed)
    if (refreshed.ok) {
      // Durable before use: a rotated refresh token that is lost cannot be had again.
      await deps.providerTokens.save(grant.id, refreshed.value)
      return hold(grant, refreshed.value)
    }
    if (refreshed.error.reason === 'upstream_oauth' && refreshed.error.error === 'invalid_grant') {
      const renewed = await deps.providerTokens.find(grant.id)
      if (renewed && renewed.accessToken !== tokens.accessToken) return hold(grant, renewed)
      held.delete(grant)
      await deps.endGrant(grant.id)
      return credentialFault('invalid_grant')
    }
    // The provider may be back before the token we have runs out.
    return left > 0 ? hold(grant, tokens) : credentialFault(refreshed.error.reason)
  }

  function record(token: LiveToken, refreshed: Result<ProviderTokens, Failure>): void {
    deps.audit.record({
      event: 'upstream_token_refreshed',
      outcome: refreshed.ok ? 'allowed' : 'error',
      agent_id: token.agentId,
      client_id: token.clientId,
      user_id: token.userId,
      provider_id: providerId,
      grant_id: token.grant.id,
      denial_reason: refreshed.ok ? undefined : refreshed.error.reason,
      evidence:
        !refreshed.ok && refreshed.error.reason === 'upstream_oauth'
          ? { error: refreshed.error.error }
          : undefined,
    })
  }

  return {
    reserved: new Set(['authorization']),
    mint(token) {
      const known = held.get(token.grant)
      if (known && secondsLeft(known.tokens, deps.clock.now()) > renewAheadSeconds)
        return known.minted
      const { id } = token.grant
      let promise = running.get(id)
      if (!promise) {
        promise = obtain(token)
          .catch((cause: unknown) => storeDown(cause))
          .finally(() => running.delete(id))
        running.set(id, promise)
      }
      return promise
    },
  }
}

function secondsLeft({ expiresAt }: ProviderTokens, now: number): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt - now
}

const credentialFault = (cause: string): Result<never, Failure> =>
  fail({ reason: 'upstream_credential', cause })

const storeDown = (cause: unknown): Result<never, Failure> =>
  fail({
    reason: 'dependency_down',
    dependency: 'store',
    cause: cause instanceof Error ? cause.message : String(cause),
  })
