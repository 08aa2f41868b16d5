import type { SessionKeys } from '@ath-protocol/types'

/**
 * A session of the nine-step handshake as it is kept. Secret: whoever reads it can use the token while it lives, and
 * with `keys` read what was sent. The agent's own key is not in it.
 */
export interface StoredHandshake {
  /** Without trailing slash. */
  readonly gateway: string
  /** Of a service that speaks ATH itself: what the session's paths are relative to, without trailing slash. */
  readonly apiBase?: string | undefined
  readonly endpoint: string
  /** Default: the one that gateways have. */
  readonly jwks?: string | undefined
  /** `iss` and `aud` of its tokens. */
  readonly issuer: string
  readonly serverDid: string
  readonly sessionId: string
  readonly agentId: string
  /** The services it opens. */
  readonly providers: readonly string[]
  readonly accessToken: string
  /** Unix seconds. */
  readonly expiresAt: number
  /** Until when the token can be renewed, in Unix seconds. */
  readonly grantExpiresAt: number
  /** Of this token; a service that takes an approval back narrows the next one. */
  readonly scopes: readonly string[]
  readonly scopesGranted: readonly string[]
  readonly scopesDenied: readonly { readonly scope: string; readonly reason: string }[]
  /** Seconds. */
  readonly ttlGranted: number
  /** What limits the permission, as the gateway says it (U13). */
  readonly restrictions: Readonly<Record<string, unknown>>
  /** Where encryption was agreed. They are as old as the session and die with it (D7). */
  readonly keys?: SessionKeys | undefined
  /** The next number for an encrypted request. One that comes twice under the same keys gives them away. */
  readonly nextSequence?: number | undefined
}
