import type {
  AgentId,
  ClientId,
  ConsentId,
  GrantId,
  JwsSigner,
  NineStepEvent,
  NineStepState,
  ProviderId,
  PublicJwk,
  PublicKey,
  Result,
  SessionId,
  SessionKeys,
  Transcript,
  UserId,
  HandshakeFault,
} from '@ath-protocol/types'
import type { ConsentNotifier } from './consents.ts'
import type { ReplayStore } from './replay.ts'

/** One grant of a session: one for each provider that the user allowed. */
export interface SessionGrant {
  readonly grantId: GrantId
  readonly providerId: ProviderId
}

/** One pending nine-step handshake, as it is between two messages; a restart loses nothing. */
export interface NineStepHandshake {
  /** `ath_hs_` + 256 random bits: whoever has it can end the handshake, nobody can go on without the client's key. */
  readonly id: string
  readonly state: NineStepState
  readonly clientDid: string
  readonly clientKey: PublicJwk
  readonly thumbprint: string
  readonly encrypted: boolean
  /** The messages so far as canonical JSON. */
  readonly transcript: Partial<Transcript>
  /** The newest `timestamp` of the client: they never decrease (U2). */
  readonly lastTimestamp: number
  /** Set by `identify`. */
  readonly agentId?: AgentId
  readonly clientId?: ClientId
  /** Set by `ask` or `grant`. */
  readonly userId?: UserId
  readonly credentialId?: string
  readonly consentId?: ConsentId
  readonly grantLifetimeSeconds?: number
  readonly grants?: readonly SessionGrant[]
  readonly endReason?: string
  readonly createdAt: number
  readonly expiresAt: number
}

export type NineStepChanges = Partial<
  Pick<
    NineStepHandshake,
    | 'lastTimestamp'
    | 'agentId'
    | 'clientId'
    | 'userId'
    | 'credentialId'
    | 'consentId'
    | 'grantLifetimeSeconds'
    | 'grants'
    | 'endReason'
    | 'expiresAt'
  >
> & {
  /** Added to the messages there are. */
  readonly transcript?: Partial<Transcript>
}

/** All methods are durable when they return. */
export interface NineStepStore {
  insert(handshake: NineStepHandshake): Promise<void>
  find(id: string): Promise<NineStepHandshake | undefined>
  /**
   * One legal transition as compare-and-set: only from a state in `nineStepStatesBefore(event)` and before `expiresAt`.
   * Returns the new handshake, or undefined: of two messages at once one wins.
   */
  advance(
    id: string,
    event: NineStepEvent,
    now: number,
    changes?: NineStepChanges,
  ): Promise<NineStepHandshake | undefined>
  /** Removes handshakes that expired before `before`. */
  sweep(before: number): Promise<number>
}

/** What a completed handshake made. Its grants carry the permission; the session holds them together and renews the token. */
export interface Session {
  readonly id: SessionId
  readonly handshakeId: string
  readonly clientId: ClientId
  readonly agentId: AgentId
  readonly clientDid: string
  readonly clientKey: PublicJwk
  readonly thumbprint: string
  readonly userId: UserId
  readonly grants: readonly SessionGrant[]
  /** The credential it was opened with: revoking that ends the session. */
  readonly credentialId: string
  /** Present when encryption was agreed: then nothing else is taken (U10). Stores seal them at rest. */
  readonly keys?: SessionKeys
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number
}

export interface SessionStore {
  insert(session: Session): Promise<void>
  find(id: SessionId): Promise<Session | undefined>
  /** First wins; false when unknown or ended before. */
  revoke(id: SessionId, at: number): Promise<boolean>
  list(filter: {
    readonly credentialId?: string
    readonly clientId?: ClientId
    readonly userId?: UserId
    readonly liveAt?: number
  }): Promise<readonly Session[]>
  /**
   * Sets aside sequence numbers, so that after a restart none is used or taken twice: returns the end of what was set
   * aside before (0 at first) and moves it up to `upTo` when that is higher. Atomic and durable. Throws when unknown.
   */
  reserveSequence(id: SessionId, direction: 'c2s' | 's2c', upTo: number): Promise<number>
  sweep(before: number): Promise<number>
}

/** A key that a person registered for answers and credentials. */
export interface UserKey {
  /** RFC 7638 thumbprint: what `did:ath:<thumbprint>` names. */
  readonly thumbprint: string
  readonly userId: UserId
  readonly jwk: PublicJwk
  /** The person's own name for it. */
  readonly label: string
  readonly createdAt: number
}

export interface UserKeyStore {
  /** False when the key is registered, by whomever. */
  insert(key: UserKey): Promise<boolean>
  find(thumbprint: string): Promise<UserKey | undefined>
  list(userId: UserId): Promise<readonly UserKey[]>
  /** False when it is not this user's. */
  remove(userId: UserId, thumbprint: string): Promise<boolean>
}

/** What a user allowed an agent ahead of time (step 0), as far as we have seen it. */
export interface PreAuthorization {
  /** `jti`, or for the JSON form the SHA-256 of the credential. */
  readonly id: string
  readonly userId: UserId
  readonly clientDid: string
  readonly scopes: readonly string[]
  readonly oneTime: boolean
  /** Made on the user's page, or signed with the user's own key. */
  readonly madeBy: 'gateway' | 'user'
  /** Thumbprint of the user's key that signed it. */
  readonly signedBy?: string
  /** SHA-256 of the whole credential: its signature was checked when it was written down. */
  readonly hash: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly usedAt?: number
  readonly revokedAt?: number
}

export interface PreAuthorizationStore {
  /** Writes it down once per (userId, id); returns what stands there: this one, or an earlier one of that name. */
  ensure(authorization: PreAuthorization): Promise<PreAuthorization>
  findByHash(hash: string): Promise<PreAuthorization | undefined>
  find(userId: UserId, id: string): Promise<PreAuthorization | undefined>
  /** Marks it used now. False when unknown, revoked, expired at `at`, or one-time and used before. Atomic. */
  use(userId: UserId, id: string, at: number): Promise<boolean>
  /**
   * Revokes it, also one never seen, so that it never counts: `ensure` and `find` then give a revoked one with empty
   * members, kept for ever as nobody knows until when the credential says it is valid. False when revoked before.
   */
  revoke(userId: UserId, id: string, at: number): Promise<boolean>
  /** Those that were seen, newest first. */
  list(userId: UserId): Promise<readonly PreAuthorization[]>
  sweep(before: number): Promise<number>
}

/** A person on the way to a provider's own OAuth server, for a grant of a nine-step handshake. */
export interface UpstreamLeg {
  /** SHA-256 of the state sent upstream. */
  readonly stateHash: string
  readonly consentId: ConsentId
  readonly grantId: GrantId
  readonly providerId: ProviderId
  /** Stores seal these two at rest. */
  readonly codeVerifier: string
  readonly nonce: string
  readonly scopes: readonly string[]
  /** SHA-256 of the browser binding cookie. */
  readonly bindingHash: string
  readonly expiresAt: number
}

export interface UpstreamLegStore {
  insert(leg: UpstreamLeg): Promise<void>
  /** Finds and forgets: of two callbacks one gets it. */
  take(stateHash: string): Promise<UpstreamLeg | undefined>
  sweep(before: number): Promise<number>
}

/** Fetches the DID document of a `did:web`, guarded like agent.json. */
export interface DidDocuments {
  fetch(document: URL): Promise<Result<unknown, HandshakeFault>>
}

/** A key pair of the server for one purpose. */
export interface ServerKey {
  readonly signer: JwsSigner
  readonly publicKey: PublicKey
}

/** What the nine-step handshake stands on, beside what every handshake does. */
export interface NineStepPorts {
  /** Self-certifying, or a label that HTTPS discovery vouches for (U4). */
  readonly serverDid: string
  readonly handshakes: NineStepStore
  readonly sessions: SessionStore
  readonly userKeys: UserKeyStore
  readonly preAuthorizations: PreAuthorizationStore
  readonly legs: UpstreamLegStore
  readonly dids: DidDocuments
  readonly notifier: ConsentNotifier
  /** Nonces and proofs that were seen. */
  readonly replay: ReplayStore
  /** Signs transcripts and credentials, nothing else (U1). */
  readonly handshakeKey: ServerKey
  /** Signs access tokens, nothing else (U9). */
  readonly tokenKey: ServerKey
}
