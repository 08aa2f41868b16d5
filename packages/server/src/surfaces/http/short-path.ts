import type { ProviderId } from '@ath-protocol/types'

/** First segments of the gateway's own addresses: no provider takes their place. */
export const ownSegments: ReadonlySet<string> = new Set([
  'ath',
  '.well-known',
  'health',
  'healthz',
  'login',
  'logout',
  'me',
  'assets',
  'favicon.ico',
  'robots.txt',
])

/**
 * The providers that are reached as `/{provider_id}/…`, too, as the scenario's calls do. Others, whose name is one of our
 * own, only as `/ath/proxy/{provider_id}/…`.
 */
export function shortPaths(providers: Iterable<ProviderId>): ReadonlySet<ProviderId> {
  return new Set([...providers].filter((id) => !ownSegments.has(id.toLowerCase())))
}

/** The first segment of a request target in origin form. */
export function firstSegment(target: string): string {
  let end = 1
  for (; end < target.length; end++) {
    const char = target.charCodeAt(end)
    // `/`, `?`, `#`
    if (char === 47 || char === 63 || char === 35) break
  }
  return target.slice(1, end)
}
