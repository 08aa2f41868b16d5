import type { AgentId } from '@ath-protocol/types'
import type { ReplayStore } from '../ports/replay.ts'

/** Attestation ids in process memory. They are lost at a restart: for development and tests only (R34). */
export class InMemoryReplayStore implements ReplayStore {
  readonly #expiry = new Map<string, number>()

  async claim(agentId: AgentId, jti: string, expiresAt: number): Promise<boolean> {
    const key = JSON.stringify([agentId, jti])
    if (this.#expiry.has(key)) return false
    this.#expiry.set(key, expiresAt)
    return true
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [key, expiresAt] of this.#expiry)
      if (expiresAt < before && this.#expiry.delete(key)) swept++
    return swept
  }
}
