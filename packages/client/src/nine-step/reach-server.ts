import type { Discovery, ServiceDiscovery } from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { requireVersion } from '../discover.ts'
import { createPlace, endpointAt } from '../place.ts'
import { systemClock, systemFetch } from '../system.ts'
import type { HandshakeOptions, HandshakeSettings } from './handshake-options.ts'
import type { Link } from './link.ts'

/** Where the handshake takes place, and what the server says of itself before it. */
export interface ReachedServer {
  readonly link: Link
  readonly discovery: Discovery | ServiceDiscovery
  /** Of a service that speaks ATH itself. */
  readonly apiBase: string | undefined
}

export async function reachServer(options: HandshakeOptions): Promise<ReachedServer> {
  const asking = { ...connectTo(options), signal: options.signal }
  const { transport, headers, timeoutSeconds } = asking
  const place = createPlace(options, { ...transport, headers, timeoutSeconds })
  const { base } = place
  const discovery = await place.describe(options.signal)
  requireVersion(discovery)
  const { handshake_endpoint } = discovery
  if (handshake_endpoint === undefined) throw new AthError('HANDSHAKE_UNSUPPORTED')
  const endpoint = endpointAt(base, handshake_endpoint, '/ath/handshake')
  const jwks = endpointAt(base, discovery['jwks_uri'], jwksPath)
  const link = { ...asking, base, endpoint, jwks }
  return { link, discovery, apiBase: await place.apiBase() }
}

/** Where keys are published unless the description names another place: an app may have keys of its own there. */
export const jwksPath = '/.well-known/jwks.json'

export function connectTo(
  settings: HandshakeSettings,
): Omit<Link, 'base' | 'endpoint' | 'jwks' | 'signal'> {
  const clock = settings.clock ?? systemClock
  return {
    clock,
    transport: { fetch: settings.fetch ?? systemFetch, clock },
    headers: settings.headers ?? {},
    timeoutSeconds: settings.timeoutSeconds ?? 30,
  }
}
