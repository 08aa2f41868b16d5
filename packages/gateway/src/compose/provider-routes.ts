import { readFileSync } from 'node:fs'
import { compileScopeMap } from '@ath-protocol/server'
import type { ProviderId } from '@ath-protocol/types'
import { openUndiciUpstream } from '../adapters/undici/upstream.ts'
import type { GatewayConfig } from '../config/config.ts'
import { type CredentialDeps, createCredential } from '../credentials/create-credential.ts'
import type { Route } from '../story/exchange.ts'

/** Everything the proxied call needs to know of each provider, compiled once. */
export function openRoutes(
  config: GatewayConfig,
  deps: CredentialDeps,
): ReadonlyMap<ProviderId, Route> {
  const routes = new Map<ProviderId, Route>()
  for (const provider of config.providers.values()) {
    const { connectSeconds, headersSeconds, idleSeconds } = provider.timeouts
    const upstream = openUndiciUpstream({
      origin: provider.url,
      connectTimeoutSeconds: connectSeconds,
      headersTimeoutSeconds: headersSeconds,
      idleTimeoutSeconds: idleSeconds,
      ...(provider.caFile === undefined ? {} : { ca: readFileSync(provider.caFile, 'utf8') }),
    })
    const basePath = provider.url.pathname.replace(/\/$/, '')
    routes.set(provider.id, {
      providerId: provider.id,
      upstream,
      scopeMap: compileScopeMap(provider.scopeRules),
      credential: createCredential(provider, { ...deps, upstream, basePath }),
      basePath,
      maxRequestBytes: provider.maxRequestBytes,
    })
  }
  return routes
}
