import {
  fail,
  ok,
  type Clock,
  type Failure,
  type ProviderId,
  type Result,
} from '@ath-protocol/types'
import * as client from 'openid-client'
import { boundedFetch, type OutboundFetch } from './bounded-fetch.ts'
import { errorCode, upstreamFailure } from './failure.ts'
import type { OAuthProviderSettings } from './settings.ts'
import { normalizeTokenAnswer } from './token-answer.ts'

/** One provider's OAuth server, known well enough to be spoken to. */
export interface OAuthServer {
  readonly settings: OAuthProviderSettings
  readonly config: client.Configuration
  /** Whether its ID tokens can be checked; those that cannot are dropped unread. */
  readonly checksIdTokens: boolean
}

export interface OAuthServersOptions {
  readonly providers: ReadonlyMap<ProviderId, OAuthProviderSettings>
  readonly fetch: OutboundFetch
  readonly clock: Clock
  /** http endpoints, development only. */
  readonly allowInsecureHttp: boolean
  /** For each request to the server. Default 10. */
  readonly timeoutSeconds?: number
}

export interface OAuthServers {
  find(providerId: ProviderId): Promise<Result<OAuthServer, Failure>>
}

/** Metadata is asked for again after this long; the old one is used until then, and while asking fails. */
const metadataLifetimeSeconds = 3600
const firstBackOffSeconds = 1
const longestBackOffSeconds = 30

interface Entry {
  server?: OAuthServer
  /** Not asked again before; Unix seconds. */
  nextAt: number
  failures: number
  lastFailure?: Failure
  asking?: Promise<void>
}

/**
 * Knows every provider's OAuth server. Discovery happens at first use, so that an upstream that is down never keeps
 * us from starting; one request at a time, and after a failure not before a back-off of 1 to 30 s.
 * Throws at once for settings that can never work.
 */
export function createOAuthServers(options: OAuthServersOptions): OAuthServers {
  const entries = new Map<ProviderId, Entry>()
  for (const [id, settings] of options.providers) {
    checkSettings(id, settings)
    const server = explicitServer(settings, options)
    entries.set(id, server ? { server, nextAt: Infinity, failures: 0 } : { nextAt: 0, failures: 0 })
  }
  return {
    async find(providerId) {
      const entry = entries.get(providerId)
      const settings = options.providers.get(providerId)
      if (!entry || !settings) return fail({ reason: 'provider_unknown', got: providerId })
      if (options.clock.now() >= entry.nextAt && !entry.asking)
        entry.asking = ask(entry, settings, options)
      // Old metadata serves while new is asked for: a slow issuer delays nobody.
      if (!entry.server) await entry.asking
      if (entry.server) return ok(entry.server)
      return fail(entry.lastFailure ?? { reason: 'provider_unknown', got: providerId })
    },
  }
}

function checkSettings(id: ProviderId, settings: OAuthProviderSettings): void {
  const { issuer, authorizationEndpoint, tokenEndpoint } = settings
  if (issuer === undefined && !(authorizationEndpoint && tokenEndpoint))
    throw new TypeError(`provider ${id}: give an issuer, or authorization and token endpoint`)
  if (issuer?.includes('/.well-known/'))
    throw new TypeError(`provider ${id}: the issuer is an identifier, not its metadata URL`)
  const auth = settings.clientAuth ?? (settings.clientSecret ? 'client_secret_basic' : 'none')
  if (auth !== 'none' && !settings.clientSecret)
    throw new TypeError(`provider ${id}: ${auth} needs a client secret`)
}

async function ask(
  entry: Entry,
  settings: OAuthProviderSettings,
  options: OAuthServersOptions,
): Promise<void> {
  try {
    entry.server = await discover(settings, options)
    entry.failures = 0
    entry.nextAt = options.clock.now() + metadataLifetimeSeconds
  } catch (thrown) {
    entry.lastFailure = upstreamFailure('discovery', errorCode(thrown)).error
    const backOff = Math.min(firstBackOffSeconds * 2 ** entry.failures, longestBackOffSeconds)
    entry.failures += 1
    entry.nextAt = options.clock.now() + backOff
  } finally {
    delete entry.asking
  }
}

async function discover(
  settings: OAuthProviderSettings,
  options: OAuthServersOptions,
): Promise<OAuthServer> {
  const issuer = new URL(settings.issuer ?? '')
  const ask = (algorithm: 'oidc' | 'oauth2') =>
    client.discovery(issuer, settings.clientId, undefined, client.None(), {
      algorithm,
      timeout: options.timeoutSeconds ?? 10,
      [client.customFetch]: boundedFetch(options.fetch) as client.CustomFetch,
      ...(options.allowInsecureHttp ? { execute: [client.allowInsecureRequests] } : {}),
    })
  const discovered = await ask('oidc').catch((thrown: unknown) => {
    // Only a server that answers, but has no such document, may be a plain OAuth 2.0 server (RFC 8414).
    if (!errorCode(thrown).startsWith('response_is_not')) throw thrown
    return ask('oauth2')
  })
  return createServer({ ...discovered.serverMetadata(), ...endpoints(settings) }, settings, options)
}

function explicitServer(
  settings: OAuthProviderSettings,
  options: OAuthServersOptions,
): OAuthServer | undefined {
  if (!settings.authorizationEndpoint || !settings.tokenEndpoint) return undefined
  // A server without an issuer still needs a name; its origin is the best one, and the one its `iss` is held against.
  const issuer = settings.issuer ?? new URL(settings.authorizationEndpoint).origin
  return createServer({ issuer, ...endpoints(settings) }, settings, options)
}

function endpoints(settings: OAuthProviderSettings): Partial<client.ServerMetadata> {
  return {
    ...(settings.authorizationEndpoint
      ? { authorization_endpoint: settings.authorizationEndpoint }
      : {}),
    ...(settings.tokenEndpoint ? { token_endpoint: settings.tokenEndpoint } : {}),
    ...(settings.revocationEndpoint ? { revocation_endpoint: settings.revocationEndpoint } : {}),
    ...(settings.userinfoEndpoint ? { userinfo_endpoint: settings.userinfoEndpoint } : {}),
  }
}

function createServer(
  metadata: client.ServerMetadata,
  settings: OAuthProviderSettings,
  options: OAuthServersOptions,
): OAuthServer {
  const config = new client.Configuration(
    metadata,
    settings.clientId,
    undefined,
    clientAuthentication(settings),
  )
  const checksIdTokens = metadata.jwks_uri !== undefined
  const fetch = boundedFetch(options.fetch)
  const { token_endpoint: token } = metadata
  const tokenUrl = token !== undefined && URL.canParse(token) ? new URL(token).href : undefined
  config[client.customFetch] = async (url, init) => {
    const response = await fetch(url, init as RequestInit)
    return url === tokenUrl ? normalizeTokenAnswer(response, { checksIdTokens }) : response
  }
  config.timeout = options.timeoutSeconds ?? 10
  if (options.allowInsecureHttp) client.allowInsecureRequests(config)
  // TLS alone would do for OpenID (Core §3.1.3.7); a signature also holds where TLS ends at somebody's proxy.
  if (checksIdTokens) client.enableNonRepudiationChecks(config)
  return { settings, config, checksIdTokens }
}

function clientAuthentication(settings: OAuthProviderSettings): client.ClientAuth {
  const { clientSecret } = settings
  if (clientSecret === undefined || settings.clientAuth === 'none') return client.None()
  return settings.clientAuth === 'client_secret_post'
    ? client.ClientSecretPost(clientSecret)
    : client.ClientSecretBasic(clientSecret)
}
