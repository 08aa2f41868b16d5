import { openHttpUpstream } from '../adapters/node-http/upstream.ts'
import { AthSetupError } from '../native/options.ts'
import { refusal } from '../native/app-answer.ts'
import { proxied } from '../native/proxied.ts'
import type { ProxyPorts } from '../story/exchange.ts'
import type { TokenStore } from '../ports/grants.ts'
import type { ProviderTokenStore } from '../ports/provider-tokens.ts'
import { findLink } from './app-link.ts'
import {
  type AthHandlerRequest,
  type AthHandlerResponse,
  handlerRequest,
  handlerResponse,
} from './handler-request.ts'

export interface ProxyHandlerDeps {
  /** That of `createATHHandlers`: what it knows of tokens, agents and users decides here, too. */
  readonly tokenStore: TokenStore
  readonly providerTokenStore: ProviderTokenStore
  /** The app by the name that its agents use, and where its API is: `{ 'your-app': 'http://localhost:3000' }`. */
  readonly upstreams: Readonly<Record<string, string>>
}

/**
 * `ANY /ath/proxy/{name}/{path}`: sends an agent's call to the app with the user's own OAuth token. The same checks as
 * everywhere: token, agent, scopes, the user's consent. Throws `AthSetupError` without handlers on the same token store.
 */
export function createProxyHandler(
  deps: ProxyHandlerDeps,
): (request: AthHandlerRequest) => Promise<AthHandlerResponse> {
  const link = findLink(deps.tokenStore)
  if (!link)
    throw new AthSetupError(
      'the proxy knows no handlers with its token store, so nothing could decide who gets in',
      'call createATHHandlers with the same `tokenStore` first',
    )
  const { appId, config } = link.settings
  const upstreams = new Map(
    Object.entries(deps.upstreams).map(([name, text]) => {
      if (!URL.canParse(text))
        throw new AthSetupError(`the upstream ${name} is ${text}`, 'write a URL')
      const origin = new URL(text)
      return [name, { origin, open: openHttpUpstream(timeouts(origin)) }] as const
    }),
  )
  for (const name of upstreams.keys()) config.providerAliases?.set(name, appId)
  return async (request) => {
    const path = pathOf(request)
    const name = /^\/ath\/proxy\/([^/]+)/.exec(path)?.[1] ?? ''
    // Any name of the app will do where there is one place; of two, nobody guesses.
    const upstream =
      upstreams.get(name) ?? (upstreams.size === 1 ? [...upstreams.values()][0] : undefined)
    if (!upstream) return handlerResponse(refusal({ reason: 'provider_unknown', got: name }))
    const asked = handlerRequest(request, { method: request.method ?? 'GET', path })
    const parts = await link.app().parts
    const withUpstream = { ...parts, proxyPorts: redirected(parts.proxyPorts, upstream) }
    return handlerResponse(await proxied(withUpstream, asked))
  }
}

function redirected(
  ports: ProxyPorts,
  { origin, open }: { readonly origin: URL; readonly open: ReturnType<typeof openHttpUpstream> },
): ProxyPorts {
  const basePath = origin.pathname.replace(/\/+$/, '')
  return {
    ...ports,
    routes: new Map(
      [...ports.routes].map(([id, route]) => [id, { ...route, upstream: open, basePath }]),
    ),
  }
}

const timeouts = (origin: URL) => ({
  origin,
  connectTimeoutSeconds: 5,
  headersTimeoutSeconds: 60,
  idleTimeoutSeconds: 120,
})

/** Routers cut off what they are mounted at: what is left begins at `/proxy/`. */
function pathOf({ url, path }: AthHandlerRequest): string {
  const given = path ?? (url && URL.canParse(url) ? new URL(url).pathname : url) ?? ''
  const start = given.indexOf('/proxy/')
  return `/ath${given.slice(Math.max(0, start)).split('?', 1)[0]}`
}
