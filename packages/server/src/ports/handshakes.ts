import type {
  AgentId,
  ClientId,
  GrantId,
  HandshakeEvent,
  HandshakeId,
  HandshakeState,
  ProviderId,
  UserId,
} from '@ath-protocol/types'

/** One pending two-phase handshake. Everything that would let a thief go on is a hash or sealed. */
export interface Handshake {
  readonly id: HandshakeId
  readonly clientId: ClientId
  readonly agentId: AgentId
  readonly providerId: ProviderId
  readonly requestedScopes: readonly string[]
  /** The agent's own state, given back on its redirect (C29). */
  readonly agentState: string
  /** Only ever one that the agent registered; our own callback is stored as absent (C7). */
  readonly userRedirectUri?: string
  readonly resource?: string
  /** SHA-256 of the opaque part of the authorization URL. */
  readonly opaqueHash: string
  /** SHA-256 of the state sent upstream. Taken once at the callback (R57). */
  readonly upstreamStateHash: string
  /** PKCE verifier, 256 random bits; stores seal it at rest (R62, R77). */
  readonly codeVerifier: string
  /** OpenID nonce sent upstream; stores seal it at rest. */
  readonly nonce: string
  readonly state: HandshakeState
  /** SHA-256 of the browser binding cookie (R64). */
  readonly bindingHash?: string
  /** The scopes the user left ticked on our page; absent when our page was not shown. */
  readonly offeredScopes?: readonly string[]
  readonly userId?: UserId
  /** How long the user lets the grant live; absent means the configured longest. */
  readonly grantLifetimeSeconds?: number
  readonly grantId?: GrantId
  readonly consentedScopes?: readonly string[]
  /** SHA-256 of the one-time code delivered to an agent-owned redirect (C9). */
  readonly codeHash?: string
  /** Why it ended, for `denied` and `failed`. */
  readonly endReason?: string
  readonly createdAt: number
  readonly expiresAt: number
}

export type HandshakeChanges = Partial<
  Pick<
    Handshake,
    | 'bindingHash'
    | 'offeredScopes'
    | 'userId'
    | 'grantLifetimeSeconds'
    | 'grantId'
    | 'consentedScopes'
    | 'codeHash'
    | 'endReason'
  >
>

/** The public name in the tutorial is `sessionStore`. All methods are durable when they return. */
export interface HandshakeStore {
  insert(handshake: Handshake): Promise<void>
  find(id: HandshakeId): Promise<Handshake | undefined>
  findByOpaque(opaqueHash: string): Promise<Handshake | undefined>
  /** Finds by upstream state and forgets that state in the same step: of two callbacks, one gets it. */
  takeByUpstreamState(stateHash: string): Promise<Handshake | undefined>
  /**
   * One legal transition as compare-and-set: it happens only from a state in `statesBefore(event)` and before
   * `expiresAt`. Returns the new handshake, or undefined when it was not in such a state: of two callers one wins.
   */
  advance(
    id: HandshakeId,
    event: HandshakeEvent,
    now: number,
    changes?: HandshakeChanges,
  ): Promise<Handshake | undefined>
  /** Removes handshakes that expired before `before`; returns how many. */
  sweep(before: number): Promise<number>
}
