import type { AthCall } from '../wire/http.ts'

/**
 * Whether a browser says that a call comes from our own pages: by `Origin` (RFC 6454) where sent, and by
 * `Sec-Fetch-Site` where sent; one of them must be. Behind the session's token this is the second door.
 */
export function isFromOurPages(
  call: Pick<AthCall, 'headers'>,
  publicUrls: readonly string[],
): boolean {
  const origin = call.headers['origin']
  const site = call.headers['sec-fetch-site']
  if (origin === undefined && site === undefined) return false
  if (site !== undefined && site !== 'same-origin') return false
  return origin === undefined || publicUrls.some((url) => new URL(url).origin === origin)
}
