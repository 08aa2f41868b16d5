import { ownPath } from '../pages/own-path.ts'
import type { AthCall } from '../wire/http.ts'

const longest = 4096

/**
 * Where a person goes on after signing in: a path on this gateway, or nothing. Whatever a browser could read as another
 * origin is refused rather than repaired, and so is the log-in itself, which would go round for ever.
 */
export function readReturnTo(
  value: string | null | undefined,
  baseUrl: string,
): string | undefined {
  if (value === null || value === undefined || value.length > longest) return undefined
  // Visible ASCII only: browsers drop tabs and line breaks, and read a backslash as a slash.
  if (!/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(value)) return undefined
  const base = new URL(baseUrl)
  if (!URL.canParse(value, base)) return undefined
  const url = new URL(value, base)
  // A path with dot segments says one thing and means another; `/.//host` becomes `//host`.
  if (url.origin !== base.origin || !value.startsWith(url.pathname)) return undefined
  if (url.pathname.startsWith('//') || /^(?:\/ath)?\/log(in|out)(\/|$)/.test(url.pathname))
    return undefined
  return value
}

/** The address of the log-in that comes back to `path`. */
export function loginPath(
  call: Pick<AthCall, 'mount'>,
  path: string,
  options: { readonly otherAccount?: boolean } = {},
): string {
  const query = new URLSearchParams({ return_to: path })
  if (options.otherAccount) query.set('prompt', 'login')
  return ownPath(call, `/login?${query}`)
}
