import type { AgentId } from '@ath-protocol/types'

/** Remembers attestation ids until they expire, across restarts (R34). */
export interface ReplayStore {
  /** True the first time for (agentId, jti), false ever after until `expiresAt`. Atomic and durable. Call it after the signature check. */
  claim(agentId: AgentId, jti: string, expiresAt: number): Promise<boolean>
  /** Forgets what expired before `before`. */
  sweep(before: number): Promise<number>
}
