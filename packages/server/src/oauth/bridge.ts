import { ok, type Clock, type Failure, type ProviderId, type Result } from '@ath-protocol/types'
import * as client from 'openid-client'
import type { Completed, DeniedUpstream, OAuthBridge } from '../ports/oauth.ts'
import type { ProviderTokens } from '../ports/provider-tokens.ts'
import type { OutboundFetch } from './bounded-fetch.ts'
import { errorCode, upstreamFailure, type OAuthStep } from './failure.ts'
import { createOAuthServers, type OAuthServer } from './oauth-servers.ts'
import type { OAuthProviderSettings } from './settings.ts'
import { readSubject } from './subject.ts'
import { readTokens } from './token-answer.ts'

export interface OAuthBridgeOptions {
  readonly providers: ReadonlyMap<ProviderId, OAuthProviderSettings>
  /** The exact redirect URI registered at the providers. No query, no fragment. */
  readonly callbackUrl: string
  readonly fetch: OutboundFetch
  readonly clock: Clock
  /** http endpoints, development only. */
  readonly allowInsecureHttp: boolean
  /** For each request to an OAuth server. Default 10. */
  readonly timeoutSeconds?: number
}

type Complete = Parameters<OAuthBridge['complete']>[2]

/**
 * The OAuth bridge (R71–R77) on openid-client: authorization code with PKCE S256, form-encoded exchange, RFC 8707
 * `resource`, RFC 9207 `iss`, rotation, RFC 7009. Whatever an OAuth server answers, the result is a value or the
 * failure `upstream_oauth`; nothing throws. Throws only here, for settings that can never work.
 */
export function createOAuthBridge(options: OAuthBridgeOptions): OAuthBridge {
  const callback = new URL(options.callbackUrl)
  if (callback.search || callback.hash)
    throw new TypeError('the callback URL has a query or fragment')
  const servers = createOAuthServers(options)

  return {
    authorizationUrl: (providerId, request) =>
      attempt('authorize', async () => {
        const found = await servers.find(providerId)
        if (!found.ok) return found
        const { config, settings } = found.value
        const scopes = askedScopes(settings, request.scopes)
        const codeChallenge = await client.calculatePKCECodeChallenge(request.codeVerifier)
        return ok(
          client.buildAuthorizationUrl(config, {
            ...(request.askAnew ? { prompt: 'consent' } : {}),
            // First, so that nothing configured replaces what the handshake depends on.
            ...settings.authorizationParameters,
            response_type: 'code',
            client_id: settings.clientId,
            redirect_uri: callback.href,
            state: request.state,
            code_challenge: codeChallenge,
            code_challenge_method: 'S256',
            ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
            ...(scopes.includes('openid') ? { nonce: request.nonce } : {}),
            ...(request.resource === undefined ? {} : { resource: request.resource }),
          }),
        )
      }),

    complete: (providerId, query, expected) =>
      attempt('callback', async () => {
        const found = await servers.find(providerId)
        if (!found.ok) return found
        return complete(found.value, callback, query, expected, options.clock)
      }),

    refresh: (providerId, tokens) =>
      attempt('refresh', async () => {
        const found = await servers.find(providerId)
        if (!found.ok) return found
        if (tokens.refreshToken === undefined) return upstreamFailure('refresh', 'no_refresh_token')
        const answer = await client.refreshTokenGrant(
          found.value.config,
          tokens.refreshToken,
          tokens.resource === undefined ? {} : { resource: tokens.resource },
        )
        const fresh = readTokens(answer, {
          ...tokens,
          resource: tokens.resource,
          now: options.clock.now(),
        })
        if (typeof fresh === 'string') return upstreamFailure('refresh', fresh)
        return ok({ refreshToken: tokens.refreshToken, ...fresh })
      }),

    revoke: (providerId, tokens) =>
      attempt('revoke', async () => {
        const found = await servers.find(providerId)
        if (!found.ok) return found
        return revoke(found.value, tokens)
      }),
  }
}

/** Runs one operation; what the OAuth library throws becomes a failure of that step. */
async function attempt<T>(
  step: OAuthStep,
  run: () => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  try {
    return await run()
  } catch (thrown) {
    return upstreamFailure(step, errorCode(thrown))
  }
}

const askedScopes = (settings: OAuthProviderSettings, scopes: readonly string[]) => [
  ...new Set([...(settings.extraScopes ?? []), ...scopes]),
]

async function complete(
  server: OAuthServer,
  callback: URL,
  query: URLSearchParams,
  expected: Complete,
  clock: Clock,
): Promise<Result<Completed | DeniedUpstream, Failure>> {
  const { config, settings } = server
  const asked = askedScopes(settings, expected.scopes)
  const expectsIdToken = server.checksIdTokens && asked.includes('openid')
  const parameters = withCheckedIssuer(server, query)
  if (!parameters) return upstreamFailure('callback', 'iss_differs')
  // The redirect URI that is sent with the code comes from this URL, hence from configuration; Host has no say.
  const current = new URL(callback)
  current.search = parameters.toString()
  let answer: Awaited<ReturnType<typeof client.authorizationCodeGrant>>
  try {
    answer = await client.authorizationCodeGrant(
      config,
      current,
      {
        expectedState: expected.state,
        pkceCodeVerifier: expected.codeVerifier,
        ...(expectsIdToken ? { expectedNonce: expected.nonce, idTokenExpected: true } : {}),
      },
      expected.resource === undefined ? {} : { resource: expected.resource },
    )
  } catch (thrown) {
    if (!(thrown instanceof client.AuthorizationResponseError))
      return upstreamFailure('token', errorCode(thrown))
    // Reached only after state and issuer were checked: nobody else can deny in the user's name.
    return thrown.error === 'access_denied'
      ? ok({ denied: true })
      : upstreamFailure('callback', errorCode(thrown))
  }
  const tokens = readTokens(answer, {
    scopes: asked,
    resource: expected.resource,
    now: clock.now(),
  })
  if (typeof tokens === 'string') return upstreamFailure('token', tokens)
  const subject = await attempt('userinfo', () => readSubject(server, answer))
  if (!subject.ok) return subject
  return ok({
    tokens,
    ...(answer.scope === undefined ? {} : { answeredScope: answer.scope }),
    ...(subject.value === undefined ? {} : { subject: subject.value }),
  })
}

/**
 * RFC 9207 against mix-up. The library compares `iss` where an issuer is configured or was discovered. A server known
 * only by its endpoints has none, yet may send one: then it must at least live where the user was sent.
 */
function withCheckedIssuer(
  { settings, config }: OAuthServer,
  query: URLSearchParams,
): URLSearchParams | undefined {
  const iss = query.get('iss')
  if (settings.issuer !== undefined || iss === null) return query
  if (!URL.canParse(iss) || new URL(iss).origin !== config.serverMetadata().issuer) return undefined
  const rest = new URLSearchParams(query)
  rest.delete('iss')
  return rest
}

/**
 * Both tokens, the refresh token first: most servers end its access tokens with it. A server that cannot revoke
 * access tokens (RFC 7009 §2.2.1 `unsupported_token_type`) has done what it can once the refresh token is gone.
 */
async function revoke(
  { config }: OAuthServer,
  tokens: ProviderTokens,
): Promise<Result<void, Failure>> {
  if (config.serverMetadata().revocation_endpoint === undefined) return ok(undefined)
  const send = (token: string, hint: string) =>
    attempt('revoke', async () =>
      ok(await client.tokenRevocation(config, token, { token_type_hint: hint })),
    )
  const refresh =
    tokens.refreshToken === undefined ? undefined : await send(tokens.refreshToken, 'refresh_token')
  const access = await send(tokens.accessToken, 'access_token')
  if (refresh && !refresh.ok) return refresh
  const unsupported =
    !access.ok &&
    access.error.reason === 'upstream_oauth' &&
    access.error.error === 'unsupported_token_type'
  return refresh && unsupported ? ok(undefined) : access
}
