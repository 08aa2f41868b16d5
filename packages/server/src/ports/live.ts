import type { ClientId, GrantId } from '@ath-protocol/types'

/** Told after a durable change, so that what is held in memory stops at once (R107) and open exchanges are aborted. */
export interface LiveChanges {
  tokenRevoked(tokenHash: string): void
  grantRevoked(grantId: GrantId): void
  agentChanged(clientId: ClientId): void
}
