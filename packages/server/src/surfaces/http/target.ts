import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { firstSegment } from './short-path.ts'

/** Where a proxied call wants to go, as sent. */
export interface ProxyTarget {
  /** All of it. */
  readonly target: string
  readonly providerId: string
  /** The path behind the provider, with its leading slash; not normalised yet. */
  readonly rawPath: string
  /** With its `?`; empty when there is none. */
  readonly query: string
}

const root = '/ath/proxy/'
const providerForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Whether a request target belongs to the proxy; `target` is in origin form. `short`: providers without a root before them. */
export function isProxyTarget(target: string, short: ReadonlySet<string>): boolean {
  return target.startsWith(root) || short.has(firstSegment(target))
}

/**
 * Reads `/ath/proxy/{provider_id}/{path}?{query}` (R94, R102), or `/{provider_id}/…` where that is the proxy's. Failures:
 * `route_unknown`, `path_ambiguous`.
 */
export function readProxyTarget(target: string): Result<ProxyTarget, Failure> {
  if (target.includes('#')) return fail({ reason: 'path_ambiguous', fault: 'fragment' })
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const start = path.startsWith(root) ? root.length : 1
  const slash = path.indexOf('/', start)
  const providerId = slash === -1 ? path.slice(start) : path.slice(start, slash)
  if (!providerForm.test(providerId)) return fail({ reason: 'route_unknown' })
  return ok({
    target,
    providerId,
    rawPath: slash === -1 ? '/' : path.slice(slash),
    query: mark === -1 ? '' : target.slice(mark),
  })
}
