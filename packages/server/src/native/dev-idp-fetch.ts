import type { DevIdp } from '../dev-idp/dev-idp.ts'
import type { OutboundFetch } from '../oauth/bounded-fetch.ts'

/** Asks the development log-in without a socket: it is in this process, and perhaps the app does not listen yet. */
export function devIdpFetch(devIdp: DevIdp, elsewhere: OutboundFetch): OutboundFetch {
  return async (url, init) => {
    if (!url.startsWith(`${devIdp.issuer}/`)) return elsewhere(url, init)
    const request = new Request(url, init)
    const { pathname, searchParams } = new URL(url)
    const answer = await devIdp.handle({
      method: request.method,
      path: pathname,
      query: searchParams,
      headers: Object.fromEntries(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
      ip: '127.0.0.1',
    })
    if (!answer) return new Response(null, { status: 404 })
    const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
      (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]),
    )
    return new Response(answer.status === 204 ? null : answer.body, {
      status: answer.status,
      headers,
    })
  }
}
