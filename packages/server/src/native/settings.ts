import { isLoopbackHost, providerIdSchema, scopeSchema } from '@ath-protocol/types'
import type { AthConfig, PinnedDid, ProviderDefinition } from '../config.ts'
import type { DevPerson } from '../dev-idp/settings.ts'
import type { OAuthProviderSettings } from '../oauth/settings.ts'
import type { Limited, RateLimit } from '../ports/limits.ts'
import type { StoreSource } from '../ports/store.ts'
import {
  compileScopeMap,
  readScopeRule,
  type ScopeMap,
  type ScopeRule,
} from '../proxy/scope-map.ts'
import type { ApprovalRule } from '../register/approval.ts'
import { readAmounts } from './amounts.ts'
import { checkNames } from './known-options.ts'
import type { AmountFields } from '../story/exchange.ts'
import { type AgentRule, type AthOptions, AthSetupError, type OAuthOptions } from './options.ts'

/** Where people's pages hang in an app that has such pages of its own. */
export const peopleMount = '/ath'
export const devIdpPath = '/ath/dev-idp'

/** An app as it runs: everything checked, every default filled in. */
export interface NativeSettings {
  readonly config: AthConfig
  readonly appId: string
  readonly name: string
  /** Absolute, without trailing slash. */
  readonly apiBase: string
  readonly scopeMap: ScopeMap
  /** Some scope is opened by `requireScope` alone: a path that the map does not know may still be a route's own. */
  readonly hasGuards: boolean
  readonly amounts: AmountFields | undefined
  readonly oauth: OAuthProviderSettings
  readonly devIdp: { readonly people: readonly DevPerson[] | undefined } | undefined
  /** Who agents say they are is believed. Development only. */
  readonly trustsAgents: boolean
  readonly store: StoreSource | undefined
  readonly secret: string | undefined
  readonly production: boolean
  readonly upstream: URL
  readonly allowNetworks: readonly string[]
  readonly limits: ReadonlyMap<Limited, RateLimit>
  /** What is as no production may have it, one sentence each. */
  readonly warnings: readonly string[]
}

const day = 86_400
const minute = { perSeconds: 60 }

/** As the gateway's defaults. */
const usualLimits: ReadonlyMap<Limited, RateLimit> = new Map([
  ['register_ip', { count: 30, ...minute }],
  ['register_agent', { count: 10, ...minute }],
  ['authorize_client', { count: 60, ...minute }],
  ['token_client', { count: 120, ...minute }],
  ['proxy_token', { count: 100, perSeconds: 1 }],
  ['login_ip', { count: 30, ...minute }],
  ['status_ip', { count: 120, ...minute }],
  ['handshake_ip', { count: 120, ...minute }],
  ['handshake_client', { count: 60, ...minute }],
  ['confirm_user', { count: 60, ...minute }],
  // A person is not to be worn down until they say yes.
  ['step_up', { count: 10, perSeconds: 600 }],
])

/** What the process gives beside the options. */
export interface Surroundings {
  readonly production: boolean
  readonly secret: string | undefined
  /** The stores are the app's own business: what they keep, and how. */
  readonly ownStores?: boolean
}

/** Checks the options. Throws `AthSetupError`, which says what to do. */
export function readOptions(options: AthOptions, around: Surroundings): NativeSettings {
  checkNames(options)
  // The option makes it stricter, never laxer than the process says it is.
  const production = around.production || options.production === true
  const base = readUrl(options.url, production)
  const baseUrl = base.origin
  const appId = readAppId(options.appId)
  const { providers, rules } = readScopes(options, appId)
  const oauth = readOAuth(options, base, production)
  // Without an issuer nobody can be signed in here: the OAuth server alone asks.
  const hasPeople = oauth.issuer !== undefined
  const asksHere = hasPeople && options.consentPage !== 'oauth'
  const scopes = Object.keys(options.scopes)
  const secret = options.secret ?? around.secret
  if (secret !== undefined && secret.length < 32)
    throw new AthSetupError(
      `the secret has ${secret.length} characters`,
      'give at least 32 random ones, like `openssl rand -base64 32` prints',
    )
  if (!around.ownStores && secret === undefined && (production || isKept(options.store)))
    throw new AthSetupError(
      production
        ? 'there is no secret, so what is kept could not be encrypted'
        : 'what the store keeps is encrypted, but there is no secret that stays the same',
      'set ATH_SECRET (or `secret`) to 32 random characters that stay the same: `openssl rand -base64 32`',
    )
  if (production && !around.ownStores && !isKept(options.store))
    throw new AthSetupError(
      'the store is in memory: every agent would have to register again after a restart',
      "give a `store`: sqliteStore({ file }) from '@ath-protocol/server/sqlite', or one for PostgreSQL or Redis",
    )
  const provider: ProviderDefinition = {
    id: appId,
    displayName: options.name ?? appId,
    scopes: providers,
    authMode: 'oauth2',
    consentPage: asksHere,
    ...('scopeNames' in (options.oauth ?? {}) && options.oauth?.scopeNames
      ? { upstreamScopes: options.oauth.scopeNames }
      : {}),
  }
  const agents = options.agents ?? []
  const openRules = agents.length === 0 && !production ? developmentRules(appId, scopes) : []
  const nineStep = (options.nineStep ?? hasPeople) && hasPeople
  if (options.nineStep && !hasPeople)
    throw new AthSetupError(
      'the nine-step handshake asks people on a page, and nobody can sign in here',
      'give `oauth` with an `issuer` (OpenID Connect)',
    )
  const config: AthConfig = {
    baseUrl,
    aliases: production ? [] : loopbackTwins(base),
    callbackUrl: `${baseUrl}/ath/callback`,
    providers: new Map([[appId, provider]]),
    providerAliases: aliasesOf(appId, options.aliases ?? []),
    approvalRules: [...agents.map((rule) => approvalRule(rule, appId, scopes)), ...openRules],
    unmatchedAgents: 'hold',
    approvalLifetimeSeconds: 90 * day,
    tokenLifetimeSeconds: 3600,
    grantLifetimeSeconds: options.grantLifetimeSeconds ?? 8 * 3600,
    ...(options.restrictions === undefined ? {} : { restrictions: options.restrictions }),
    peopleMount,
    ...(nineStep
      ? {
          nineStep: {
            encryption: 'offered',
            confirmation: 'always',
            sessionLifetimeSeconds: options.grantLifetimeSeconds ?? 8 * 3600,
            pinnedDids: pinsOf(agents),
          },
        }
      : {}),
    browserBinding: true,
    legacyTokenAudience: false,
    allowLoopbackHttp: !production,
  }
  return {
    config,
    appId,
    name: options.name ?? appId,
    apiBase: readApiBase(baseUrl, options.apiBase),
    scopeMap: compileScopeMap(rules),
    hasGuards: Object.values(options.scopes).some((entry) => routesOf(entry).length === 0),
    amounts: options.amounts && readAmounts(options.amounts),
    oauth,
    devIdp: options.devIdp
      ? { people: options.devIdp === true ? undefined : options.devIdp.people }
      : undefined,
    trustsAgents: false,
    store: options.store,
    secret,
    production,
    upstream: options.upstream === undefined ? base : readUpstream(options.upstream),
    allowNetworks: options.allowNetworks ?? [],
    limits: new Map([
      ...usualLimits,
      ...(Object.entries(options.limits ?? {}) as [Limited, RateLimit][]),
    ]),
    warnings: [
      ...(options.devIdp ? ['devIdp: anybody may sign in as anybody'] : []),
      ...(isKept(options.store) ? [] : ['store: everything is forgotten when the process ends']),
      ...(openRules.length > 0
        ? ['agents: every agent on this machine is approved for every scope']
        : []),
      ...(base.protocol === 'http:' ? ['url: http, not https'] : []),
    ],
  }
}

const isKept = (store: StoreSource | undefined): boolean =>
  store !== undefined && store.kind !== 'memory'

function readUrl(text: string, production: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash)
    throw new AthSetupError(
      `\`url\` is no public URL: ${text}`,
      'write it like https://shop.example',
    )
  if (url.pathname !== '/')
    throw new AthSetupError(
      `\`url\` has a path, ${url.pathname}, but agents look for an app at its origin`,
      `write ${url.origin}, and the path as \`apiBase\``,
    )
  if (url.protocol === 'http:' && (production || !isLoopbackHost(url.hostname)))
    throw new AthSetupError(
      `\`url\` is ${url.origin}: tokens would travel in the clear (R114)`,
      production ? 'use https' : 'use https, or http on localhost while you develop',
    )
  return url
}

function readUpstream(text: string): URL {
  if (URL.canParse(text) && /^https?:/.test(text)) return new URL(text)
  throw new AthSetupError(`\`upstream\` is no URL: ${text}`, 'write it like http://127.0.0.1:8080')
}

function readAppId(appId: string): string {
  if (providerIdSchema.safeParse(appId).success) return appId
  throw new AthSetupError(
    `\`appId\` is ${JSON.stringify(appId)}`,
    'use letters, digits, dots, dashes and underscores, at most 64, like com.acme.shop',
  )
}

function readApiBase(baseUrl: string, path = '/'): string {
  if (!path.startsWith('/'))
    throw new AthSetupError(`\`apiBase\` is ${path}`, 'write a path of the app, like /api')
  return `${baseUrl}${path.replace(/\/+$/, '')}`
}

const routesOf = (entry: AthOptions['scopes'][string]): readonly string[] =>
  'length' in entry ? entry : (entry.routes ?? [])

function readScopes(options: AthOptions, appId: string) {
  const names = Object.keys(options.scopes)
  if (names.length === 0)
    throw new AthSetupError(
      `${appId} has no scopes, so no agent could do anything`,
      "name at least one: scopes: { 'products:read': ['GET /api/products/**'] }",
    )
  const rules: ScopeRule[] = []
  const providers = Object.entries(options.scopes).map(([name, entry]) => {
    if (!scopeSchema.safeParse(name).success)
      throw new AthSetupError(
        `${JSON.stringify(name)} is no scope`,
        'write it like products:read, without spaces or quotes (RFC 6749 §3.3)',
      )
    for (const text of routesOf(entry)) {
      const rule = readScopeRule(name, text)
      if (typeof rule === 'string')
        throw new AthSetupError(`scope ${name} has the route ${JSON.stringify(text)}`, rule)
      rules.push(rule)
    }
    const about = 'length' in entry ? {} : entry
    return {
      name,
      ...(about.description === undefined ? {} : { description: about.description }),
      ...(about.risk === undefined ? {} : { risk: about.risk }),
    }
  })
  return { providers, rules }
}

/** Who we are at the OAuth server; at the development log-in, which is made with it, always the same. */
function readOAuth(options: AthOptions, base: URL, production: boolean): OAuthProviderSettings {
  const { oauth, devIdp } = options
  if (devIdp && production)
    throw new AthSetupError(
      '`devIdp` is for development: it has no passwords, so anybody could be anybody',
      'give your own OAuth server: oauth: { issuer, clientId, clientSecret }',
    )
  if (oauth?.clientSecret === '')
    throw new AthSetupError(
      '`oauth.clientSecret` is empty',
      'set the variable it comes from; leave it out for a client that has no secret',
    )
  if (oauth && devIdp)
    throw new AthSetupError('both `oauth` and `devIdp` are given', 'leave one of them out')
  if (devIdp && options.production !== false && !isLoopbackHost(base.hostname))
    throw new AthSetupError(
      `\`devIdp\` lets anybody be anybody, and ${base.host} is not this machine alone`,
      'give your own OAuth server; or say `production: false` if nobody else can reach it',
    )
  if (devIdp)
    return {
      issuer: `${base.origin}${devIdpPath}`,
      clientId: 'ath',
      clientAuth: 'none',
      extraScopes: ['openid'],
    }
  if (!oauth)
    throw new AthSetupError(
      'there is no OAuth server at which users could say yes',
      'give `oauth: { issuer, clientId, clientSecret }`, or `devIdp: true` while you develop',
    )
  return oauthSettings(oauth)
}

function oauthSettings(oauth: OAuthOptions): OAuthProviderSettings {
  const { scopeNames: _, extraScopes, ...given } = oauth
  const extra = extraScopes ?? ('issuer' in oauth ? ['openid'] : [])
  return { ...given, ...(extra.length > 0 ? { extraScopes: extra } : {}) }
}

/** Agents come under any name of this machine while an app is developed (C4). */
function loopbackTwins(base: URL): readonly string[] {
  if (!isLoopbackHost(base.hostname)) return []
  const port = base.port === '' ? '' : `:${base.port}`
  return ['localhost', '127.0.0.1']
    .filter((host) => host !== base.hostname)
    .map((host) => `${base.protocol}//${host}${port}`)
}

function aliasesOf(appId: string, given: readonly string[]): Map<string, string> {
  const label = appId.split('.').at(-1) ?? appId
  return new Map([label, 'default', ...given].map((alias) => [alias, appId]))
}

function approvalRule(rule: AgentRule, appId: string, scopes: readonly string[]): ApprovalRule {
  const { agent, domain, allow, restrictions } = rule
  if (agent === undefined && domain === undefined)
    throw new AthSetupError(
      'a rule of `agents` names no agent',
      "give it `agent` (an id, a DID, or a prefix with *) or `domain` ('agents.example')",
    )
  const allowed = allow === 'all' ? scopes : (allow ?? [])
  const unknown = allowed.filter((scope) => !scopes.includes(scope))
  if (unknown.length > 0)
    throw new AthSetupError(
      `the rule for ${agent ?? domain} allows ${unknown.join(', ')}, which no scope is called`,
      `use ${scopes.join(', ')}`,
    )
  return {
    name: agent ?? domain ?? '',
    match: {
      ...(agent === undefined ? {} : { agent }),
      ...(domain === undefined ? {} : { domain }),
    },
    decide: allow === undefined ? 'deny' : 'approve',
    allow: { [appId]: allowed },
    ...(restrictions === undefined ? {} : { restrictions }),
  }
}

const developmentRules = (appId: string, scopes: readonly string[]): readonly ApprovalRule[] =>
  ['localhost', '127.0.0.1', '[::1]'].map((domain) => ({
    name: 'development',
    match: { domain },
    decide: 'approve',
    allow: { [appId]: scopes },
  }))

function pinsOf(agents: readonly AgentRule[]): readonly PinnedDid[] {
  return agents.flatMap(({ agent, keyThumbprint, name }) =>
    agent?.startsWith('did:') && keyThumbprint !== undefined
      ? [
          {
            did: agent,
            thumbprint: keyThumbprint,
            name: name ?? agent,
            developer: { name: name ?? agent, id: agent },
          },
        ]
      : [],
  )
}
