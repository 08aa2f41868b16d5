import type { Discovery, ServiceDiscovery } from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { readBaseUrl } from '../base-url.ts'
import { discoverGateway, discoverService, requireVersion } from '../discover.ts'
import { systemClock, systemFetch } from '../system.ts'
import type { HandshakeOptions, HandshakeSettings } from './handshake-options.ts'
import type { Link } from './link.ts'

/** Where the handshake takes place, and what the server says of itself before it. */
export interface ReachedServer {
  readonly link: Link
  readonly discovery: Discovery | ServiceDiscovery
}

export async function reachServer(options: HandshakeOptions): Promise<ReachedServer> {
  const base = readBaseUrl(options.gateway)
  const asking = { ...connectTo(options), signal: options.signal }
  const discovery = options.discovery ?? (await discoverAny(base, asking))
  requireVersion(discovery)
  return { link: { ...asking, base, endpoint: endpointOf(base, discovery) }, discovery }
}

export function connectTo(settings: HandshakeSettings): Omit<Link, 'base' | 'endpoint' | 'signal'> {
  const clock = settings.clock ?? systemClock
  return {
    clock,
    transport: { fetch: settings.fetch ?? systemFetch, clock },
    headers: settings.headers ?? {},
    timeoutSeconds: settings.timeoutSeconds ?? 30,
  }
}

/** A gateway's description, or that of a service that speaks ATH itself. */
async function discoverAny(
  base: string,
  link: Omit<Link, 'base' | 'endpoint'>,
): Promise<Discovery | ServiceDiscovery> {
  const { transport, clock, headers, timeoutSeconds, signal } = link
  const options = { fetch: transport.fetch, clock, headers, timeoutSeconds, signal }
  try {
    return await discoverGateway(base, options)
  } catch (error) {
    if (error instanceof AthError && error.status === 404) return discoverService(base, options)
    throw error
  }
}

/** The published endpoint where it is the gateway's own, else the one every gateway serves. */
function endpointOf(base: string, { handshake_endpoint }: Discovery | ServiceDiscovery): string {
  if (handshake_endpoint === undefined) throw new AthError('HANDSHAKE_UNSUPPORTED')
  const published = new URL(handshake_endpoint)
  return published.origin === new URL(base).origin ? published.href : `${base}/ath/handshake`
}
