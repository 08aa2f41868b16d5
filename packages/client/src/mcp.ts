import {
  StreamableHTTPClientTransport,
  type StreamableHTTPClientTransportOptions,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { readGatewayRefusal } from './service-call.ts'
import type { CallInit } from './step-up.ts'
import { systemClock } from './system.ts'

/** Any session, of either handshake. */
export interface McpSession {
  fetch(input: string | URL, init?: CallInit): Promise<Response>
}

/** Stands for the session's own base, which only the session knows; nothing is ever sent there. */
const own = 'https://session.invalid'

/**
 * The transport that `Client.connect` of `@modelcontextprotocol/sdk` takes, with the session's token on every request.
 * `url` is a path of the service, or a URL that the session may call. A refusal is an `AthError` of the call.
 */
export function mcpTransport(
  session: McpSession,
  url: string | URL,
  options: Omit<StreamableHTTPClientTransportOptions, 'fetch' | 'authProvider'> = {},
): StreamableHTTPClientTransport {
  return new StreamableHTTPClientTransport(new URL(url, own), {
    ...options,
    fetch: mcpFetch(session),
  })
}

/** The `fetch` of that transport, for the transports of other SDKs. */
export function mcpFetch(
  session: McpSession,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const { href, origin } = new URL(url)
    const response = await session.fetch(origin === own ? href.slice(own.length) : href, init)
    const refusal = await readGatewayRefusal(response, { clock: systemClock, timeoutSeconds: 30 })
    if (!refusal) return response
    await response.body?.cancel()
    throw refusal
  }
}
