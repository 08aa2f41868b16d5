import { AthError } from './ath-error.ts'

/**
 * The one URL a session may call for `input`: a path of the service behind the gateway, or an absolute URL under the
 * provider's own proxy path. Everything else is refused, so that a token cannot leak by a wrong or injected URL.
 */
export function resolveTarget(base: string, providerId: string, input: string | URL): URL {
  const prefix = `${base}/ath/proxy/${encodeURIComponent(providerId)}`
  const given = String(input)
  const absolute = input instanceof URL || /^[a-z][a-z0-9+.-]*:/i.test(given)
  // Joined as text: a path such as `//other.example/` must not become a host.
  const text = absolute ? given : `${prefix}${given.startsWith('/') ? '' : '/'}${given}`
  if (!URL.canParse(text)) throw refused(given)
  const url = new URL(text)
  const allowed = new URL(`${prefix}/`)
  // After parsing, dot segments are gone: what is left must still be inside.
  if (url.origin !== allowed.origin || url.username || url.password) throw refused(given)
  if (!`${url.pathname}/`.startsWith(allowed.pathname)) throw refused(given)
  url.hash = ''
  return url
}

const refused = (given: string) =>
  new AthError('ORIGIN_REFUSED', { details: { url: given.replace(/[?#].*$/s, '').slice(0, 200) } })
