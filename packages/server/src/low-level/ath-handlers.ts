import { isLoopbackHost } from '@ath-protocol/types'
import { environment } from '../adapters/system/environment.ts'
import { InMemoryProviderTokenStore } from '../memory/provider-token-store.ts'
import { memoryStore } from '../memory/memory-store.ts'
import { type AppLink, linkApp } from './app-link.ts'
import { appOf, auditOf } from '../native/ath-app.ts'
import { conventionalScopeMap } from '../native/conventional-scope-map.ts'
import {
  type AgentRule,
  type AthOptions,
  AthSetupError,
  type ScopeEntry,
} from '../native/options.ts'
import { type NativeSettings, readOptions } from '../native/settings.ts'
import type { TokenStore } from '../ports/grants.ts'
import type { HandshakeStore } from '../ports/handshakes.ts'
import type { ProviderTokenStore } from '../ports/provider-tokens.ts'
import type { AgentRegistry } from '../ports/registry.ts'
import type { StoreSource } from '../ports/store.ts'
import {
  type AthHandlerRequest,
  type AthHandlerResponse,
  handlerRequest,
  handlerResponse,
} from './handler-request.ts'

export interface AthHandlersConfig {
  /** The server's public URL: what agents make their proofs for. */
  readonly audience: string
  /** Where browsers come back to: `${audience}/ath/callback`. */
  readonly callbackUrl: string
  /**
   * All that agents can ask for. `products:read` opens GET on `/products/**`, `cart:write` opens POST, PUT, PATCH and
   * DELETE on `/cart/**`, below `/api` or a version as well; give `scopes` where your routes are called otherwise.
   */
  readonly availableScopes: readonly string[]
  /** Names the app to agents. */
  readonly appId: string
  readonly name?: string
  /** Believes who agents say they are. Development only: refused where NODE_ENV is production. */
  readonly skipAttestationVerification?: boolean
  readonly oauth: {
    readonly authorize_endpoint: string
    readonly token_endpoint: string
    readonly client_id: string
    readonly client_secret?: string
    readonly userinfo_endpoint?: string
    readonly revocation_endpoint?: string
    readonly client_auth?: 'client_secret_basic' | 'client_secret_post' | 'none'
  }
  /** At most and by default 3600. */
  readonly tokenExpirySeconds?: number
  /** The routes of scopes, in the place of what their names say. */
  readonly scopes?: Readonly<Record<string, ScopeEntry>>
  /** Which agents get what. In development without rules every agent gets everything; in production it waits. */
  readonly agents?: readonly AgentRule[]
  /**
   * Ties each handshake to the browser that began it (R64). It takes a route for `handlers.open` and answers that are
   * passed on with their cookies. Default false, which production refuses unless it is said.
   */
  readonly browserBinding?: boolean
  readonly secret?: string
  readonly audit?: NonNullable<AthOptions['audit']>
  readonly log?: NonNullable<AthOptions['log']>
}

export interface AthHandlersDeps {
  readonly registry: AgentRegistry
  readonly tokenStore: TokenStore
  /** Pending handshakes: what the wire calls `ath_session_id`. */
  readonly sessionStore: HandshakeStore
  /** Share it with `createProxyHandler`. Default: in memory. */
  readonly providerTokenStore?: ProviderTokenStore
  readonly config: AthHandlersConfig
}

type Handler = (request: AthHandlerRequest) => Promise<AthHandlerResponse>

/** One handler for each of ATH's addresses, for whatever router there is. */
export interface AthHandlers {
  /** `POST /ath/agents/register` */
  readonly register: Handler
  /** `GET /ath/agents/{client_id}`; needs the path. */
  readonly status: Handler
  /** `POST /ath/authorize` */
  readonly authorize: Handler
  /** `GET /ath/authorize/{opaque}`, with `browserBinding`; needs the path. */
  readonly open: Handler
  /** `GET /ath/callback` */
  readonly callback: Handler
  /** `POST /ath/token` */
  readonly token: Handler
  /** `POST /ath/token/renew` */
  readonly renew: Handler
  /** `POST /ath/revoke` */
  readonly revoke: Handler
}

/**
 * ATH's endpoints as functions, wired to routes by hand; `ath()` of the framework entries does it in one line. Throws
 * `AthSetupError` for a configuration that cannot work or may not run where it does.
 */
export function createATHHandlers(deps: AthHandlersDeps): AthHandlers {
  const settings = handlerSettings(deps)
  const reports = { audit: auditOf(deps.config), log: deps.config.log ?? environment.warn }
  reports.log(
    `ath: ${settings.appId} is wired by hand:\n${settings.warnings.map((line) => `  ${line}`).join('\n')}`,
  )
  // Opened at the first request: by then the proxy has named its upstreams.
  let opened: ReturnType<typeof appOf> | undefined
  const link: AppLink = {
    settings,
    app: () => (opened ??= appOf(settings, reports)),
  }
  linkApp(deps.tokenStore, link)

  const at =
    (method: string, path: string): Handler =>
    async (request) =>
      handlerResponse(await link.app().answer(handlerRequest(request, { method, path })))
  /** Where the path itself says something. */
  const below =
    (method: string, root: string): Handler =>
    async (request) => {
      const name = lastSegment(request)
      return handlerResponse(
        await link.app().answer(handlerRequest(request, { method, path: `${root}/${name}` })),
      )
    }
  return {
    register: at('POST', '/ath/agents/register'),
    status: below('GET', '/ath/agents'),
    authorize: at('POST', '/ath/authorize'),
    open: below('GET', '/ath/authorize'),
    callback: at('GET', '/ath/callback'),
    token: at('POST', '/ath/token'),
    renew: at('POST', '/ath/token/renew'),
    revoke: at('POST', '/ath/revoke'),
  }
}

function lastSegment({ url, path }: AthHandlerRequest): string {
  const pathname = (path ?? url ?? '').split('?', 1)[0] ?? ''
  return pathname.slice(pathname.lastIndexOf('/') + 1)
}

function handlerSettings(deps: AthHandlersDeps): NativeSettings {
  const { config } = deps
  const { production } = environment
  if (config.skipAttestationVerification && production)
    throw new AthSetupError(
      '`skipAttestationVerification` is set, so anybody could be any agent, and NODE_ENV is production',
      'remove it: agents then prove who they are by the document at their id',
    )
  if (config.skipAttestationVerification && !isOnThisMachine(config.audience))
    throw new AthSetupError(
      `\`skipAttestationVerification\` lets anybody be any agent, and ${config.audience} is not this machine alone`,
      'remove it: agents then prove who they are by the document at their id',
    )
  if (production && config.browserBinding === undefined)
    throw new AthSetupError(
      'the handlers set no cookie, so a consent is not tied to the browser that gave it (R64, R65)',
      "use ath() of '@ath-protocol/server/express'; or set `browserBinding: true`, route GET /ath/authorize/:id to handlers.open and pass on the `cookies` of each answer",
    )
  const browserBinding = config.browserBinding ?? false
  const scopes =
    config.scopes ??
    Object.fromEntries(config.availableScopes.map((name) => [name, { routes: [] }]))
  const everybody = [
    { agent: 'https://*', allow: 'all' as const },
    { agent: 'http://*', allow: 'all' as const },
  ]
  const rules = config.agents ?? (production ? undefined : everybody)
  const { oauth } = config
  const settings = readOptions(
    {
      url: config.audience,
      appId: config.appId,
      ...(config.name === undefined ? {} : { name: config.name }),
      scopes,
      oauth: {
        authorizationEndpoint: oauth.authorize_endpoint,
        tokenEndpoint: oauth.token_endpoint,
        clientId: oauth.client_id,
        ...(oauth.client_secret === undefined ? {} : { clientSecret: oauth.client_secret }),
        ...(oauth.client_auth === undefined ? {} : { clientAuth: oauth.client_auth }),
        ...(oauth.userinfo_endpoint === undefined
          ? {}
          : { userinfoEndpoint: oauth.userinfo_endpoint }),
        ...(oauth.revocation_endpoint === undefined
          ? {}
          : { revocationEndpoint: oauth.revocation_endpoint }),
      },
      ...(rules === undefined ? {} : { agents: rules }),
      store: storesOf(deps),
      ...(config.secret === undefined ? {} : { secret: config.secret }),
    },
    { production, secret: environment.secret, ownStores: true },
  )
  if (config.callbackUrl !== settings.config.callbackUrl)
    throw new AthSetupError(
      `\`callbackUrl\` is ${config.callbackUrl}`,
      `browsers come back to ${settings.config.callbackUrl}: give that, and register it at the OAuth server`,
    )
  return {
    ...settings,
    config: {
      ...settings.config,
      browserBinding,
      tokenLifetimeSeconds: Math.min(3600, config.tokenExpirySeconds ?? 3600),
    },
    ...(config.scopes ? {} : { scopeMap: conventionalScopeMap(config.availableScopes) }),
    hasGuards: false,
    trustsAgents: config.skipAttestationVerification === true,
    warnings: [
      ...settings.warnings,
      ...(config.skipAttestationVerification
        ? ['skipAttestationVerification: anybody can be any agent. Remove it before production']
        : []),
      ...(rules === everybody ? ['agents: every agent is approved for every scope'] : []),
      ...(browserBinding
        ? []
        : ['browserBinding: a consent is not tied to the browser that gave it']),
    ],
  }
}

const isOnThisMachine = (url: string): boolean =>
  URL.canParse(url) && isLoopbackHost(new URL(url).hostname)

/** The four stores that were given, and memory for the rest. */
const storesOf = (deps: AthHandlersDeps): StoreSource => ({
  kind: 'memory',
  async open(inner) {
    const { registry, tokenStore, sessionStore } = deps
    const providerTokens = deps.providerTokenStore ?? new InMemoryProviderTokenStore()
    const rest = await memoryStore().open(inner)
    // The app holds these stores, and may write to them past us: what they say counts at each call.
    return {
      ...rest,
      shared: true,
      registry,
      tokens: tokenStore,
      handshakes: sessionStore,
      providerTokens,
    }
  },
})
