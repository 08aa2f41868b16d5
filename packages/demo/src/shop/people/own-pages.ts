import type { Request } from 'express'

/** Whether a browser says that a request comes from the shop's own pages: by `Origin` and by `Sec-Fetch-Site`, one of which must be there. */
export function isFromOwnPages(request: Request, shopUrl: string): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin === undefined && site === undefined) return false
  return (site ?? 'same-origin') === 'same-origin' && (origin ?? shopUrl) === shopUrl
}
