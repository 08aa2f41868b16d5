import { AthError } from './ath-error.ts'

/**
 * The one URL that a session at this place may call for `input`. At a gateway a path of the service behind it; of a
 * service that speaks ATH itself a path below its `api_base`, or its own `/ath/proxy/<app>/…`. An absolute URL must be
 * inside the same. Everything else is refused, so that a token cannot leak by a wrong or injected URL.
 */
export function resolveAt(
  { base, apiBase }: { readonly base: string; readonly apiBase?: string | undefined },
  providerId: string,
  input: string | URL,
): URL {
  const proxy = `${base}/ath/proxy`
  if (apiBase === undefined)
    return resolveTarget(`${proxy}/${encodeURIComponent(providerId)}`, input)
  const given = String(input)
  if (given.startsWith(`${proxy}/`)) return resolveTarget(proxy, input)
  if (typeof input === 'string' && input.startsWith('/ath/proxy/'))
    return resolveTarget(proxy, input.slice('/ath/proxy'.length))
  return resolveTarget(apiBase, input)
}

/** `input` below a prefix, which is a URL without trailing slash. */
export function resolveTarget(prefix: string, input: string | URL): URL {
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
