import { AthError } from '../ath-error.ts'
import { resolveTarget } from '../target.ts'

/**
 * The one URL that `input` stands for in a session with several services: `/oa/api/x`, `/ath/proxy/oa/api/x`, or either
 * of them at the gateway's own base URL. Everything else is refused, so that a token cannot leak.
 */
export function resolveServiceTarget(
  base: string,
  providers: readonly string[],
  input: string | URL,
): URL {
  const given = String(input)
  const path = given.startsWith(`${base}/`) ? given.slice(base.length) : given
  const [, name = '', rest = ''] = /^\/(?:ath\/proxy\/)?([^/?#]+)(.*)$/s.exec(path) ?? []
  const provider = providers.find((id) => encodeURIComponent(id) === name)
  if (provider === undefined)
    throw new AthError('ORIGIN_REFUSED', {
      fix: `begin the path with one of: ${providers.map((id) => `/${id}/`).join(' ')}`,
    })
  return resolveTarget(base, provider, rest.startsWith('/') ? rest : `/${rest}`)
}
