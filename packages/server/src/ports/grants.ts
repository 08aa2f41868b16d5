import type {
  AgentId,
  ClientId,
  GrantId,
  ProviderId,
  Restrictions,
  SessionId,
  UserId,
} from '@ath-protocol/types'

/** Where the user's name came from (C24). */
export type UserSource = 'login' | 'upstream' | 'pseudonym'

/**
 * What one user allowed one agent at one provider. Tokens hang on it; revoking it ends them all. Until its token is
 * issued it lives only as long as its handshake.
 */
export interface Grant {
  readonly id: GrantId
  readonly clientId: ClientId
  readonly agentId: AgentId
  readonly userId: UserId
  readonly userSource: UserSource
  readonly providerId: ProviderId
  readonly scopes: readonly string[]
  /** Every one of them must hold for every call (U13), as they were when the user agreed. */
  readonly restrictions?: readonly Restrictions[]
  /** The session it belongs to; absent when it came by the two-phase handshake. */
  readonly sessionId?: SessionId
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number
}

export interface GrantStore {
  insert(grant: Grant): Promise<void>
  find(id: GrantId): Promise<Grant | undefined>
  /** Lets a live grant last until `expiresAt`: done once, when its token is issued. False when unknown or revoked. */
  confirm(id: GrantId, expiresAt: number, sessionId?: SessionId): Promise<boolean>
  /** Leaves a live grant these of its scopes: the provider allowed no more. False when unknown or revoked. */
  narrow(id: GrantId, scopes: readonly string[]): Promise<boolean>
  /** First revocation wins; false when unknown or revoked already. */
  revoke(id: GrantId, at: number): Promise<boolean>
  list(filter: {
    readonly userId?: UserId
    readonly clientId?: ClientId
    readonly providerId?: ProviderId
    readonly liveAt?: number
  }): Promise<readonly Grant[]>
}

/** One access token at one provider. Only its SHA-256 is kept. */
export interface TokenRecord {
  /** `hashSecret` of an opaque token; of a session's token `sessionTokenHash(jti, provider)`: it has one record for each provider. */
  readonly hash: string
  readonly grantId: GrantId
  /** The session whose token it is; absent for an opaque token. */
  readonly sessionId?: SessionId
  readonly clientId: ClientId
  readonly agentId: AgentId
  readonly userId: UserId
  readonly providerId: ProviderId
  readonly scopes: readonly string[]
  readonly issuedAt: number
  readonly expiresAt: number
  readonly revokedAt?: number
}

export interface TokenStore {
  insert(token: TokenRecord): Promise<void>
  find(hash: string): Promise<TokenRecord | undefined>
  /** False when unknown or revoked already. Durable, and effective for every reader, when it returns (R107). */
  revoke(hash: string, at: number): Promise<boolean>
  /** Revokes all live tokens of a grant; returns how many. */
  revokeByGrant(grantId: GrantId, at: number): Promise<number>
  /** Removes tokens that expired before `before`; returns how many. */
  sweep(before: number): Promise<number>
}
