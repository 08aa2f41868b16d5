import { compileScopeMap, type ScopeMap } from '@ath-protocol/server'
import type { ProviderId } from '@ath-protocol/types'
import type { Provider } from '../config/config.ts'
import { type CredentialDeps, createCredential } from '../credentials/create-credential.ts'
import {
  asServersReadIt,
  compileAmounts,
  type OpenUpstream,
  type Route,
} from '@ath-protocol/server/parts'

/** Makes every provider of the configuration ready for calls: its connections, its compiled scope map, its credential. */
export function openRoutes(
  providers: Iterable<Provider>,
  deps: CredentialDeps & {
    readonly openUpstream: OpenUpstream
    /** PEM text of a provider's `caFile`; throws when it cannot be read. */
    readonly readCa: (file: string) => string
  },
): ReadonlyMap<ProviderId, Route> {
  const routes = new Map<ProviderId, Route>()
  for (const provider of providers) {
    const upstream = deps.openUpstream({
      origin: provider.url,
      connectTimeoutSeconds: provider.timeouts.connectSeconds,
      headersTimeoutSeconds: provider.timeouts.headersSeconds,
      idleTimeoutSeconds: provider.timeouts.idleSeconds,
      ...(provider.caFile === undefined ? {} : { ca: deps.readCa(provider.caFile) }),
    })
    const basePath = provider.url.pathname.replace(/\/+$/, '')
    routes.set(provider.id, {
      providerId: provider.id,
      upstream,
      scopeMap: openScopeMap(provider),
      amounts: compileAmounts(provider.amounts),
      credential: createCredential(provider, { ...deps, upstream, basePath }),
      basePath,
      maxRequestBytes: provider.maxRequestBytes,
    })
  }
  return routes
}

/**
 * The scope map as configured, less the address at which the gateway itself logs in: through it an agent could make the
 * session that all share somebody else's. A log-in told apart only by its query cannot be closed by its path.
 */
function openScopeMap({ scopeRules, auth }: Provider): ScopeMap {
  const scopeMap = compileScopeMap(scopeRules)
  if (auth.kind !== 'cookie' || auth.login.path.includes('?')) return scopeMap
  const closed = asServersReadIt(auth.login.path)
  return {
    admit: (method, path, granted) =>
      asServersReadIt(path) === closed
        ? { allowed: false, anyOf: [] }
        : scopeMap.admit(method, path, granted),
  }
}
