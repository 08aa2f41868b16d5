import type { Clock, ScopeResult } from '@ath-protocol/types'
import type { AthError } from '../ath-error.ts'
import type { AthPlace } from '../place.ts'
import type { Waiting } from './await-answer.ts'
import type { HandshakeKeySource } from './handshake-key.ts'
import type { HandshakeSession, SessionOptions } from './handshake-session.ts'

/** What every use of a session needs. */
export interface HandshakeSettings extends SessionOptions {
  readonly key: HandshakeKeySource
  /** Sent with every request to the gateway; never instead of ours. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** For each protocol step. Default 30. */
  readonly timeoutSeconds?: number | undefined
  readonly fetch?: typeof fetch | undefined
  readonly clock?: Clock | undefined
}

/** How far a handshake has come. */
export type HandshakeEvent =
  | {
      readonly step: 'discovered'
      readonly endpoint: string
      readonly serverDid?: string | undefined
    }
  | { readonly step: 'greeted'; readonly serverDid: string; readonly encrypted: boolean }
  | {
      readonly step: 'identified'
      readonly did: string
      readonly scopesSupported: readonly string[]
    }
  | { readonly step: 'granted'; readonly result: ScopeResult }
  | { readonly step: 'completed'; readonly session: HandshakeSession }
  /** The gateway did not take our proof; a new handshake follows (D10). */
  | { readonly step: 'again'; readonly error: AthError }

/** What is wanted, wherever that is. */
export interface HandshakeWish extends HandshakeSettings, Waiting {
  /** Default: the self-certifying `did:ath:<thumbprint>` of the key (U4). */
  readonly did?: string | undefined
  /** By their qualified names, `oa:read`; in native mode also by the names that the service itself uses. */
  readonly scopes: readonly string[]
  /** How long the permission shall live, in seconds: 60 to 86 400. Default 8 hours. */
  readonly ttl?: number | undefined
  /** What for, in the agent's words; the user sees it as such. At most 2000 characters. */
  readonly context: string
  /** What the user gave the agent ahead of time (U6). */
  readonly credential: string
  /** For an agent that is registered by its identity document: it vouches for the key of this handshake (U5). */
  readonly attestation?:
    | {
        readonly agentId: string
        /** The key that the identity document publishes. */
        readonly key: { readonly privateKey: CryptoKey; readonly keyId: string }
        readonly issuer?: 'agent_id' | 'origin' | undefined
      }
    | undefined
  /** Encrypts every later request and answer end to end (U10). A gateway that will not is refused. */
  readonly encrypted?: boolean | undefined
  /** Only this server will do. */
  readonly serverDid?: string | undefined
  readonly onProgress?: ((event: HandshakeEvent) => unknown) | undefined
  readonly signal?: AbortSignal | undefined
}

/** At a gateway, or at a service that speaks ATH itself. */
export type HandshakeOptions = HandshakeWish & AthPlace
