import type { Clock } from '@ath-protocol/types'
import type { AuditSink } from '../ports/audit.ts'
import type { PasskeyStore } from '../ports/passkeys.ts'

/** The gateway as browsers know it (WebAuthn §4). Passkeys are bound to `id`, a host name, for ever. */
export interface RelyingParty {
  readonly id: string
  readonly name: string
  /** Where an answer may come from. A host that is not `id` or under it gets none: the browser refuses. */
  readonly origins: readonly string[]
}

/**
 * `id` is the host of the base URL. Where that is an address, which cannot have passkeys, it is the first alias with a
 * name: `localhost` in development.
 */
export function relyingPartyOf(baseUrl: string, aliases: readonly string[]): RelyingParty {
  const hosts = [baseUrl, ...aliases].map((url) => new URL(url).hostname)
  return {
    id: hosts.find(canHavePasskeys) ?? new URL(baseUrl).hostname,
    name: 'Sallyport',
    origins: [...new Set([baseUrl, ...aliases].map((url) => new URL(url).origin))],
  }
}

/** Passkeys belong to domain names, not to IP addresses (WebAuthn §5.1.3, effective domain). */
export const canHavePasskeys = (host: string): boolean => !/^\[|^[\d.]+$/.test(host)

/** What checking passkeys stands on. */
export interface PasskeyPorts {
  readonly store: PasskeyStore
  readonly party: RelyingParty
  readonly clock: Clock
  readonly audit: AuditSink
}

/** How long a person may take to find their device. */
export const timeoutMilliseconds = 300_000
