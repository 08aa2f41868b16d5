import { ok, type Clock, type Random } from '@ath-protocol/types'
import { calculatePKCECodeChallenge } from 'openid-client'
import type { OAuthBridge } from '../ports/oauth.ts'
import type { ProviderTokens } from '../ports/provider-tokens.ts'
import { upstreamFailure } from './failure.ts'

export interface MockProviderOptions {
  readonly callbackUrl: string
  /** The one user there, who always agrees. */
  readonly user: string
  readonly clock: Clock
  readonly random: Random
}

/** A mock provider, and what it thinks of an access token. */
export interface MockProvider extends OAuthBridge {
  isLive(accessToken: string): boolean
}

interface IssuedCode {
  readonly codeChallenge: string
  readonly scopes: readonly string[]
  readonly resource: string | undefined
  readonly expiresAt: number
}

interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresAt: number
}

const codeLifetimeSeconds = 60
const tokenLifetimeSeconds = 3600
const mostCodes = 1000

/**
 * The built-in provider for development and tests (R126): an OAuth server without a network, which agrees at once and
 * sends the browser straight to our callback. It checks what a real one checks (PKCE, one use of a code, rotation).
 * The caller chooses it by name; nothing ever falls back to it.
 */
export function createMockProvider(options: MockProviderOptions): MockProvider {
  const { clock, random } = options
  const codes = new Map<string, IssuedCode>()
  const byAccess = new Map<string, IssuedTokens>()
  const byRefresh = new Map<string, IssuedTokens>()

  const issue = (scopes: readonly string[], resource: string | undefined): ProviderTokens => {
    for (const old of byAccess.values()) if (old.expiresAt <= clock.now()) forget(old)
    const issued = {
      accessToken: `mock_at_${random.token(32)}`,
      refreshToken: `mock_rt_${random.token(32)}`,
      expiresAt: Math.floor(clock.now()) + tokenLifetimeSeconds,
    }
    byAccess.set(issued.accessToken, issued)
    byRefresh.set(issued.refreshToken, issued)
    return { ...issued, scopes, ...(resource === undefined ? {} : { resource }) }
  }
  const forget = (issued: IssuedTokens) => {
    byAccess.delete(issued.accessToken)
    byRefresh.delete(issued.refreshToken)
  }

  return {
    async authorizationUrl(_providerId, request) {
      for (const [code, { expiresAt }] of codes)
        if (expiresAt <= clock.now() || codes.size >= mostCodes) codes.delete(code)
      const code = random.token(32)
      const codeChallenge = await calculatePKCECodeChallenge(request.codeVerifier)
      codes.set(code, {
        codeChallenge,
        scopes: request.scopes,
        resource: request.resource,
        expiresAt: clock.now() + codeLifetimeSeconds,
      })
      const url = new URL(options.callbackUrl)
      url.searchParams.set('code', code)
      url.searchParams.set('state', request.state)
      // As in any authorization URL (R61); the callback has no use for them.
      url.searchParams.set('code_challenge', codeChallenge)
      url.searchParams.set('code_challenge_method', 'S256')
      return ok(url)
    },

    async complete(_providerId, query, expected) {
      if (query.get('state') !== expected.state) return upstreamFailure('callback', 'state_differs')
      const code = query.get('code') ?? ''
      const issued = codes.get(code)
      codes.delete(code)
      const codeChallenge = await calculatePKCECodeChallenge(expected.codeVerifier)
      if (!issued || issued.expiresAt <= clock.now() || issued.codeChallenge !== codeChallenge)
        return upstreamFailure('token', 'invalid_grant')
      return ok({
        tokens: issue(issued.scopes, issued.resource),
        answeredScope: issued.scopes.join(' '),
        subject: { issuer: 'mock', subject: options.user, name: options.user },
      })
    },

    async refresh(_providerId, tokens) {
      const issued = byRefresh.get(tokens.refreshToken ?? '')
      if (!issued) return upstreamFailure('refresh', 'invalid_grant')
      forget(issued)
      return ok(issue(tokens.scopes, tokens.resource))
    },

    async revoke(_providerId, tokens) {
      const issued = byRefresh.get(tokens.refreshToken ?? '') ?? byAccess.get(tokens.accessToken)
      if (issued) forget(issued)
      return ok(undefined)
    },

    isLive(accessToken) {
      const issued = byAccess.get(accessToken)
      return issued !== undefined && clock.now() < issued.expiresAt
    },
  }
}
