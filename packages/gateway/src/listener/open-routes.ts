import { compileScopeMap, type ScopeMap } from '@ath-protocol/server'
import type { ProviderId } from '@ath-protocol/types'
import type { Provider } from '../config/config.ts'
import { type CredentialDeps, createCredential } from '../credentials/create-credential.ts'
import type { AmountFields, OpenUpstream, Route } from '@ath-protocol/server/parts'

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
      amounts: openAmounts(provider),
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

const noScope: ReadonlySet<string> = new Set()

/** Matched as servers read paths: neither `/orders/` nor `/orders.json` may be an order that nobody looks at. */
function openAmounts({ amounts }: Provider): AmountFields | undefined {
  if (amounts.length === 0) return undefined
  const fields = compileScopeMap(
    amounts.map(({ rule, field }) => ({
      scope: field,
      method: rule.method,
      pattern: withoutFormat(rule.pattern),
    })),
  )
  return {
    fieldsOf(method, path) {
      const verdict = fields.admit(method, withoutFormat(path), noScope)
      return verdict.allowed ? [] : verdict.anyOf
    },
  }
}

/** Some servers take what looks like the extension of a file as the form of the answer. */
const withoutFormat = (path: string): string =>
  asServersReadIt(path).replace(/([^/])\.(?:json|xml|html?|csv|txt|ya?ml|js|pdf|rss|atom)$/, '$1')

/** Many servers see neither case nor what trails. */
function asServersReadIt(path: string): string {
  return path.toLowerCase().replace(/(?:[/.]|%20)+$/, '')
}
