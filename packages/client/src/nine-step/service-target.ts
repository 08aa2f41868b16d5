import { AthError } from '../ath-error.ts'
import { resolveAt, resolveTarget } from '../target.ts'
import type { StoredHandshake } from './stored-handshake.ts'

type Reach = Pick<StoredHandshake, 'gateway' | 'providers' | 'apiBase' | 'keys'>

/**
 * The one URL that `input` stands for in a session. At a gateway, which may have several services: `/oa/api/x`,
 * `/ath/proxy/oa/api/x`, or either of them at its own base URL. Of a service that speaks ATH itself: a path below its
 * `api_base`. Everything else is refused, so that a token cannot leak.
 */
export function resolveServiceTarget(
  { gateway, providers, apiBase, keys }: Reach,
  input: string | URL,
): URL {
  if (apiBase !== undefined) {
    const url = resolveAt({ base: gateway, apiBase }, '', input)
    return keys ? throughProxy(gateway, providers, url) : url
  }
  const given = String(input)
  const path = given.startsWith(`${gateway}/`) ? given.slice(gateway.length) : given
  const [, name = '', rest = ''] = /^\/(?:ath\/proxy\/)?([^/?#]+)(.*)$/s.exec(path) ?? []
  const provider = providers.find((id) => encodeURIComponent(id) === name)
  if (provider === undefined)
    throw new AthError('ORIGIN_REFUSED', {
      fix: `begin the path with one of: ${providers.map((id) => `/${id}/`).join(' ')}`,
    })
  return resolveTarget(
    `${gateway}/ath/proxy/${encodeURIComponent(provider)}`,
    rest.startsWith('/') ? rest : `/${rest}`,
  )
}

/** Whoever decrypts stands before the service's own routes: that is the proxy path, followed by the path at the service. */
function throughProxy(base: string, [app = '']: readonly string[], url: URL): URL {
  const { href } = url
  if (href.startsWith(`${base}/ath/proxy/`)) return url
  if (href.startsWith(`${base}/`))
    return resolveTarget(`${base}/ath/proxy/${encodeURIComponent(app)}`, href.slice(base.length))
  throw new AthError('ORIGIN_REFUSED')
}
