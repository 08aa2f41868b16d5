import type { Discovery, ServiceDiscovery } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'
import { readBaseUrl } from './base-url.ts'
import { type DiscoverOptions, discoverGateway, discoverService } from './discover.ts'

/** A gateway in front of services. */
export interface AtGateway {
  /** Base URL; https, or http on this machine (R114). */
  readonly gateway: string
  readonly service?: never
  /** A description at hand: nothing is fetched (manual discovery, R3). */
  readonly discovery?: Discovery | undefined
}

/** A service that speaks ATH itself (native mode). */
export interface AtService {
  /** Base URL; https, or http on this machine (R114). */
  readonly service: string
  readonly gateway?: never
  /** A description at hand, e.g. of `describeService`: nothing is fetched (manual discovery, R3). */
  readonly discovery?: ServiceDiscovery | undefined
}

/** Exactly one of the two. */
export type AthPlace = AtGateway | AtService

/** Where an agent is known, and what is said there of it. */
export interface Place {
  /** Without trailing slash. */
  readonly base: string
  /** Whether the service itself answers: it is its own and only provider (C27). */
  readonly native: boolean
  /** Fetched once. */
  describe(signal?: AbortSignal): Promise<Discovery | ServiceDiscovery>
  /** In native mode what a session's paths are relative to, without trailing slash. */
  apiBase(): Promise<string | undefined>
}

/** The base URL of either. Throws `ARGUMENT_INVALID` unless exactly one was given. */
export function baseOf({ gateway, service }: { gateway?: string; service?: string }): string {
  if ((gateway === undefined) === (service === undefined))
    throw new AthError('ARGUMENT_INVALID', {
      message: 'give either `gateway` or `service`',
    })
  return readBaseUrl(gateway ?? service ?? '', gateway === undefined ? 'service' : 'gateway')
}

export function createPlace(at: AthPlace, options: DiscoverOptions): Place {
  const base = baseOf(at)
  const native = at.service !== undefined
  let known: Discovery | ServiceDiscovery | undefined = at.discovery
  const describe = async (signal?: AbortSignal) => {
    const asking = { ...options, signal }
    known ??= await (native ? discoverService(base, asking) : discoverGateway(base, asking))
    return known
  }
  return {
    base,
    native,
    describe,
    apiBase: async () => {
      if (!native) return undefined
      const api = readBaseUrl(((await describe()) as ServiceDiscovery).api_base, 'api_base')
      // A description that was fetched may not send the token elsewhere; the agent's own configuration may.
      if (at.discovery || isSameOrigin(api, base)) return api
      throw new AthError('ORIGIN_REFUSED', {
        message: `the API of the service is at another origin: ${api}`,
        fix: 'where that is right, describe the service by hand (`discovery`)',
      })
    },
  }
}

/** What is on offer, by provider; a service that speaks ATH itself is its own one. */
export function offeredScopes(
  description: Discovery | ServiceDiscovery,
): Readonly<Record<string, readonly string[]>> {
  if (isService(description)) return { [description.app_id]: description.auth.scopes_supported }
  return Object.fromEntries(
    description.supported_providers.map((entry) => [entry.provider_id, entry.available_scopes]),
  )
}

export const isSameOrigin = (one: string, other: string): boolean =>
  URL.canParse(one) && new URL(one).origin === new URL(other).origin

/** A published endpoint where it is at the same origin, else the one that everybody serves (C28). */
export function endpointAt(base: string, published: unknown, path: string): string {
  const own = typeof published === 'string' && isSameOrigin(published, base)
  return own ? new URL(published).href : `${base}${path}`
}

export const isService = (
  description: Discovery | ServiceDiscovery,
): description is ServiceDiscovery => !('supported_providers' in description)
