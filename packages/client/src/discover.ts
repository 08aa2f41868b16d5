import {
  athVersion,
  type Clock,
  type Discovery,
  discoverySchema,
  readWire,
  type ServiceDiscovery,
  serviceDiscoverySchema,
} from '@ath-protocol/types'
import { type ReadValue, readAnswer } from './answer.ts'
import { AthError } from './ath-error.ts'
import { readBaseUrl, requireSecure } from './base-url.ts'
import { systemClock, systemFetch } from './system.ts'
import { transmit } from './transmit.ts'

export interface DiscoverOptions {
  readonly fetch?: typeof fetch
  readonly clock?: Clock
  readonly headers?: Readonly<Record<string, string>>
  /** Default 30. */
  readonly timeoutSeconds?: number
  readonly signal?: AbortSignal | undefined
}

/** Reads `/.well-known/ath.json` of a gateway (R8–R10). No key or registration is needed (R15). */
export function discoverGateway(
  gateway: string,
  options: DiscoverOptions = {},
): Promise<Discovery> {
  return readWellKnown(gateway, 'ath.json', (value) => readWire(discoverySchema, value), options)
}

/** Reads `/.well-known/ath-app.json` of a service that speaks ATH itself (R12, R13). */
export function discoverService(
  service: string,
  options: DiscoverOptions = {},
): Promise<ServiceDiscovery> {
  return readWellKnown(
    service,
    'ath-app.json',
    (value) => readWire(serviceDiscoverySchema, value),
    options,
  )
}

/** A service that publishes nothing, as its operator describes it (R14). Wire names, since it comes from a file. */
export interface ManualService {
  readonly provider: string
  readonly api_base: string
  readonly oauth: { readonly authorization_url: string; readonly token_url: string }
  readonly scopes?: readonly string[]
}

/** Manual discovery: the same description as the other two ways give, from configuration (R3, R14). */
export function describeService(manual: ManualService): ServiceDiscovery {
  const read = readWire(serviceDiscoverySchema, {
    ath_version: athVersion,
    app_id: manual.provider,
    name: manual.provider,
    auth: {
      type: 'oauth2',
      authorization_endpoint: manual.oauth.authorization_url,
      token_endpoint: manual.oauth.token_url,
      scopes_supported: manual.scopes ?? [],
    },
    api_base: manual.api_base,
  })
  if (!read.ok)
    throw new AthError('ARGUMENT_INVALID', {
      message: 'the description of the service is not complete',
      details: { errors: read.error },
    })
  const { auth, api_base } = read.value
  for (const url of [auth.authorization_endpoint, auth.token_endpoint, api_base])
    requireSecure(new URL(url), 'every URL of the service')
  return read.value
}

/** Throws `VERSION_UNSUPPORTED` before anything is registered (R5). A third number would be compatible (R6). */
export function requireVersion(document: { readonly ath_version: string }): void {
  const got = document.ath_version
  if (got === athVersion || got.startsWith(`${athVersion}.`)) return
  throw new AthError('VERSION_UNSUPPORTED', {
    message: `the gateway speaks ATH ${got.slice(0, 20)}, this client speaks ${athVersion}`,
    details: { supported: [athVersion], got },
  })
}

async function readWellKnown<T>(
  baseUrl: string,
  name: string,
  read: ReadValue<T>,
  options: DiscoverOptions,
): Promise<T> {
  const { signal, timeoutSeconds = 30, clock = systemClock } = options
  const url = new URL(`${readBaseUrl(baseUrl)}/.well-known/${name}`)
  const response = await transmit(
    { fetch: options.fetch ?? systemFetch, clock },
    url,
    { headers: { ...options.headers, accept: 'application/json' } },
    { timeoutSeconds, signal, repeatable: true },
  )
  return readAnswer(response, read, { url, clock, timeoutSeconds, signal })
}
