import { type Failure, fail, ok, type Result } from '@ath-protocol/types'

/** Where a proxied call wants to go, as sent. */
export interface ProxyTarget {
  readonly providerId: string
  /** The path behind the provider, with its leading slash; not normalised yet. */
  readonly rawPath: string
  /** With its `?`; empty when there is none. */
  readonly query: string
}

const root = '/ath/proxy/'
const providerForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Whether a request target belongs to the proxy; `target` is in origin form. */
export function isProxyTarget(target: string): boolean {
  return target.startsWith(root)
}

/** Reads `/ath/proxy/{provider_id}/{path}?{query}` (R94, R102). Failures: `route_unknown`, `path_ambiguous`. */
export function readProxyTarget(target: string): Result<ProxyTarget, Failure> {
  if (target.includes('#')) return fail({ reason: 'path_ambiguous', fault: 'fragment' })
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  const slash = path.indexOf('/', root.length)
  const providerId = slash === -1 ? path.slice(root.length) : path.slice(root.length, slash)
  if (!providerForm.test(providerId)) return fail({ reason: 'route_unknown' })
  return ok({
    providerId,
    rawPath: slash === -1 ? '/' : path.slice(slash),
    query: mark === -1 ? '' : target.slice(mark),
  })
}
