import type {
  AgentId,
  ApprovedProvider,
  ClientId,
  ProviderId,
  Restrictions,
} from '@ath-protocol/types'

/** `suspended` is ours: to agents it looks `denied`, and it stops live tokens at once. */
export type RegistrationStatus = 'approved' | 'pending' | 'denied' | 'suspended'

/** One agent as registered here. Instants are Unix seconds. */
export interface Registration {
  readonly clientId: ClientId
  readonly agentId: AgentId
  readonly name: string
  readonly developer: { readonly name: string; readonly id: string; readonly contact?: string }
  readonly purpose?: string
  /** Absent means: no `user_redirect_uri` is ever accepted (R47). */
  readonly redirectUris?: readonly string[]
  readonly status: RegistrationStatus
  readonly requested: readonly {
    readonly providerId: ProviderId
    readonly scopes: readonly string[]
  }[]
  readonly approvals: readonly ApprovedProvider[]
  /** What the approval is limited to (U13). */
  readonly restrictions?: Restrictions
  /** Agents that came by DID: the RFC 7638 thumbprint of the only key that may speak for them; a label needs one (U4). */
  readonly keyThumbprint?: string
  readonly approvalExpiresAt: number
  /** SHA-256 of the client secret, base64url. The secret itself is never kept. */
  readonly secretHash: string
  readonly previousSecret?: { readonly hash: string; readonly until: number }
  readonly registeredAt: number
  readonly decidedAt: number
  /** `rule:<name>`, `default`, `operator-again` where an operator's decision ran out, or `operator:<name>`. */
  readonly decidedBy: string
}

/** Who is registered and what the service approved. `insert` is atomic on agentId: of two, one wins. */
export interface AgentRegistry {
  findByClientId(clientId: ClientId): Promise<Registration | undefined>
  findByAgentId(agentId: AgentId): Promise<Registration | undefined>
  /** False when the agent_id or client_id is taken. Durable when it returns. */
  insert(registration: Registration): Promise<boolean>
  /** Replaces the fields given. False when there is no such client. Durable when it returns. */
  update(
    clientId: ClientId,
    changes: Partial<Omit<Registration, 'clientId' | 'agentId'>>,
  ): Promise<boolean>
  /**
   * Puts `registration` in the place of `seen`, whole: what it lacks is gone. Only while status, decision and secret are
   * still those of `seen`: of two decisions at once one wins. False when they are not. Durable when it returns.
   */
  replace(seen: Registration, registration: Registration): Promise<boolean>
  list(filter?: { readonly status?: RegistrationStatus }): Promise<readonly Registration[]>
}
