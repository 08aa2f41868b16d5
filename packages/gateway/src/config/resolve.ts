import { resolve } from 'node:path'
import {
  type ApprovalRule,
  type AthConfig,
  type Limited,
  type PinnedDid,
  type ProviderDefinition,
  type RateLimit,
  readScopeRule,
  type ScopeRule,
} from '@ath-protocol/server'
import type { LoginSettings } from '@ath-protocol/server/parts'
import type { GatewayConfig, Provider, ProviderAuth } from './config.ts'
import { publishedPrivateKey, type WatchRule } from '../watch/watch.ts'
import { ruleName } from './cross-check.ts'
import { defaultDevUser, devOnlySettings, isLoopbackAddress } from './dev-only.ts'
import { resolveConfirm } from './resolve-channels.ts'
import type { ConfigFile, ProviderEntry } from './schema.ts'

export interface ResolveOptions {
  readonly mode: 'dev' | 'start'
  /** Absolute path of the file; absent when there is none. */
  readonly path?: string
  /** Absolute: relative paths of the file begin here. */
  readonly folder: string
  /** Instead of `gateway.listen.port`. */
  readonly port?: number
  /** The DIDs of `nine_step.agents`, with the keys that were read for them. */
  readonly pinnedDids?: readonly PinnedDid[]
}

/** Turns a checked file into what the gateway uses. Decides nothing: all checks came before. */
export function resolveConfig(file: ConfigFile, options: ResolveOptions): GatewayConfig {
  const { gateway } = file
  const port = options.port ?? gateway.listen.port
  const baseUrl = gateway.url === undefined ? ownUrl(file, port) : new URL(gateway.url).origin
  const isDev = options.mode === 'dev'
  return {
    mode: options.mode,
    ...(options.path === undefined ? {} : { file: options.path }),
    dataDir: resolve(options.folder, gateway.data_dir),
    listen: {
      host: gateway.listen.host,
      port,
      ...(gateway.listen.tls
        ? {
            tls: {
              certFile: resolve(options.folder, gateway.listen.tls.cert),
              keyFile: resolve(options.folder, gateway.listen.tls.key),
              ...(gateway.listen.tls.client_ca === undefined
                ? {}
                : { clientCaFile: resolve(options.folder, gateway.listen.tls.client_ca) }),
            },
          }
        : {}),
      trustedProxies: gateway.listen.trusted_proxies,
      drainSeconds: gateway.listen.drain,
      maxHeaderBytes: gateway.listen.max_header_bytes,
    },
    ath: athConfig(file, baseUrl, isDev, options.pinnedDids ?? []),
    ...(file.nine_step.server_did === undefined ? {} : { serverDid: file.nine_step.server_did }),
    providers: new Map(
      Object.entries(file.providers).map(([id, entry]) => [
        id,
        resolveProvider(id, entry, options.folder),
      ]),
    ),
    login: resolveLogin(file),
    confirm: resolveConfirm(file, options.mode),
    limits: new Map(
      Object.entries(file.limits).filter(
        (limit): limit is [Limited, RateLimit] => limit[1] !== 'none',
      ),
    ),
    identityDocuments: {
      allowNetworks: file.identity_documents.allow_networks,
      connectTimeoutSeconds: file.identity_documents.connect_timeout,
      readTimeoutSeconds: file.identity_documents.read_timeout,
    },
    alerts: resolveAlerts(file.alerts),
    audit: { durability: file.audit.durability, segmentBytes: file.audit.segment },
    devDefaults: isDev
      ? [
          'agents on this machine may use plain http ids',
          ...devOnlySettings(file).map(({ sentence }) => sentence),
        ]
      : [],
  }
}

function resolveAlerts(alerts: ConfigFile['alerts']): readonly WatchRule[] {
  const rules: WatchRule[] = [publishedPrivateKey]
  const { attestation_failed, scope_violation, suspend } = alerts
  if (attestation_failed !== 'none')
    rules.push({
      ...attestation_failed,
      event: 'attestation_failed',
      by: 'agent_id',
      suspend: false,
    })
  if (scope_violation !== 'none')
    rules.push({ ...scope_violation, event: 'scope_violation', by: 'agent_id', suspend })
  return rules
}

function ownUrl({ gateway: { listen } }: ConfigFile, port: number): string {
  const scheme = listen.tls ? 'https' : 'http'
  const anywhere = listen.host === '0.0.0.0' || listen.host === '::'
  const host = anywhere ? '127.0.0.1' : listen.host.includes(':') ? `[${listen.host}]` : listen.host
  return new URL(`${scheme}://${host}:${port}`).origin
}

function athConfig(
  file: ConfigFile,
  baseUrl: string,
  isDev: boolean,
  pinnedDids: readonly PinnedDid[],
): AthConfig {
  const { gateway, nine_step: nineStep } = file
  return {
    baseUrl,
    aliases: [
      ...new Set([
        ...gateway.aliases.map((alias) => new URL(alias).origin),
        ...(isDev ? loopbackTwins(baseUrl) : []),
      ]),
    ].filter((alias) => alias !== baseUrl),
    callbackUrl: `${baseUrl}/ath/callback`,
    providers: new Map(
      Object.entries(file.providers).map(([id, entry]) => [id, defineProvider(id, entry)]),
    ),
    approvalRules: file.agents.map(
      (agent, index): ApprovalRule => ({
        name: ruleName(agent, index),
        match: {
          ...(agent.agent === undefined ? {} : { agent: agent.agent }),
          ...(agent.domain === undefined ? {} : { domain: agent.domain }),
          ...(agent.developer === undefined ? {} : { developer: agent.developer }),
        },
        decide: agent.decide ?? 'approve',
        allow: agent.allow ?? {},
        ...(agent.lifetime === undefined ? {} : { lifetimeSeconds: agent.lifetime }),
        ...(agent.restrictions === undefined ? {} : { restrictions: agent.restrictions }),
        ...(agent.because === undefined ? {} : { because: agent.because }),
      }),
    ),
    unmatchedAgents: gateway.unmatched_agents,
    approvalLifetimeSeconds: gateway.approval_lifetime,
    tokenLifetimeSeconds: gateway.token_lifetime,
    grantLifetimeSeconds: gateway.grant_lifetime,
    passkeyFrom: gateway.passkey_from,
    ...(file.restrictions === undefined ? {} : { restrictions: file.restrictions }),
    ...(nineStep.enabled
      ? {
          nineStep: {
            encryption: nineStep.encryption,
            confirmation: nineStep.confirmation,
            sessionLifetimeSeconds: nineStep.session_lifetime,
            pinnedDids,
          },
        }
      : {}),
    browserBinding: gateway.compat.browser_binding,
    legacyTokenAudience: gateway.compat.legacy_token_audience,
    allowLoopbackHttp: isDev,
  }
}

/** C4: in development `localhost` and `127.0.0.1` are the same gateway. */
function loopbackTwins(baseUrl: string): readonly string[] {
  const url = new URL(baseUrl)
  if (!isLoopbackAddress(url.hostname)) return []
  const port = url.port === '' ? '' : `:${url.port}`
  return ['localhost', '127.0.0.1'].map((host) => `${url.protocol}//${host}${port}`)
}

function defineProvider(id: string, entry: ProviderEntry): ProviderDefinition {
  const scopes = Object.entries(entry.scopes).map(([name, scope]) => ({
    name,
    ...(Array.isArray(scope) ? {} : scope),
  }))
  const upstreamScopes = Object.fromEntries(
    scopes.flatMap(({ name, upstream }) => (upstream === undefined ? [] : [[name, upstream]])),
  )
  return {
    id,
    displayName: entry.name ?? id,
    ...(entry.categories === undefined ? {} : { categories: entry.categories }),
    scopes: scopes.map(({ name, description, risk }) => ({
      name,
      ...(description === undefined ? {} : { description }),
      ...(risk === undefined ? {} : { risk }),
    })),
    authMode: entry.auth.kind === 'mock_oauth2' ? 'oauth2' : entry.auth.kind,
    ...(Object.keys(upstreamScopes).length === 0 ? {} : { upstreamScopes }),
    consentPage: entry.consent_page ?? true,
    ...(entry.restrictions === undefined ? {} : { restrictions: entry.restrictions }),
  }
}

function resolveProvider(id: string, entry: ProviderEntry, folder: string): Provider {
  return {
    id,
    url: new URL(entry.url),
    scopeRules: Object.entries(entry.scopes).flatMap(([scope, given]) =>
      (Array.isArray(given) ? given : given.match)
        .map((text) => readScopeRule(scope, text))
        .filter((rule): rule is ScopeRule => typeof rule !== 'string'),
    ),
    amounts: (entry.amounts ?? []).map(({ match, field }) => ({
      rule: readScopeRule('', match) as ScopeRule,
      field,
    })),
    auth: resolveAuth(entry),
    timeouts: {
      connectSeconds: entry.timeouts.connect,
      headersSeconds: entry.timeouts.headers,
      idleSeconds: entry.timeouts.idle,
    },
    maxRequestBytes: entry.max_request,
    ...(entry.ca === undefined ? {} : { caFile: resolve(folder, entry.ca) }),
  }
}

function resolveAuth({ auth, url }: ProviderEntry): ProviderAuth {
  switch (auth.kind) {
    case 'oauth2':
      return {
        kind: 'oauth2',
        ...(auth.issuer === undefined ? {} : { issuer: auth.issuer }),
        ...(auth.authorization_endpoint === undefined
          ? {}
          : { authorizationEndpoint: auth.authorization_endpoint }),
        ...(auth.token_endpoint === undefined ? {} : { tokenEndpoint: auth.token_endpoint }),
        ...(auth.revocation_endpoint === undefined
          ? {}
          : { revocationEndpoint: auth.revocation_endpoint }),
        ...(auth.userinfo_endpoint === undefined
          ? {}
          : { userinfoEndpoint: auth.userinfo_endpoint }),
        ...(auth.userinfo_subject === undefined ? {} : { userinfoSubject: auth.userinfo_subject }),
        clientId: auth.client_id,
        ...(auth.client_secret === undefined ? {} : { clientSecret: auth.client_secret }),
        clientAuth: auth.client_auth,
        extraScopes: auth.extra_scopes,
        authorizationParameters: auth.authorization_parameters,
      }
    case 'cookie':
      return {
        kind: 'cookie',
        login: {
          method: 'POST',
          path: auth.login.path,
          encoding: auth.login.encoding,
          fields: auth.login.fields,
        },
        expiredWhen: {
          status: auth.expired_when.status,
          ...(auth.expired_when.redirect_to === undefined
            ? {}
            : { redirectTo: auth.expired_when.redirect_to }),
        },
      }
    case 'identity_header':
      return {
        kind: 'identity_header',
        userHeader: sentHeader(auth.user_header),
        agentHeader: sentHeader(auth.agent_header),
        scopesHeader: sentHeader(auth.scopes_header),
        assertionHeader: sentHeader(auth.assertion_header),
        audience: auth.audience ?? url,
      }
    default:
      return auth
  }
}

const sentHeader = (name: string) => (name === 'none' ? '' : name)

function resolveLogin({ login }: ConfigFile): LoginSettings {
  if (login === undefined || 'dev_user' in login)
    return { kind: 'dev', user: login?.dev_user ?? defaultDevUser }
  return {
    kind: 'oidc',
    issuer: login.issuer,
    clientId: login.client_id,
    clientSecret: login.client_secret,
    scopes: login.scopes,
    sessionSeconds: login.session,
  }
}
