import { advanceHandshake, type HandshakeEvent, type HandshakeId } from '@ath-protocol/types'
import type { Handshake, HandshakeChanges, HandshakeStore } from '../ports/handshakes.ts'

/** Pending handshakes in process memory. Each method is one synchronous step, so of two callers one wins. */
export class InMemorySessionStore implements HandshakeStore {
  readonly #byId = new Map<HandshakeId, Handshake>()
  readonly #idOfOpaque = new Map<string, HandshakeId>()
  readonly #idOfUpstreamState = new Map<string, HandshakeId>()

  async insert(handshake: Handshake): Promise<void> {
    const { id, opaqueHash, upstreamStateHash } = handshake
    if (
      this.#byId.has(id) ||
      this.#idOfOpaque.has(opaqueHash) ||
      this.#idOfUpstreamState.has(upstreamStateHash)
    )
      throw new Error('a handshake with this id, opaque part or upstream state is stored already')
    this.#byId.set(id, handshake)
    this.#idOfOpaque.set(opaqueHash, id)
    this.#idOfUpstreamState.set(upstreamStateHash, id)
  }

  async find(id: HandshakeId): Promise<Handshake | undefined> {
    return this.#byId.get(id)
  }

  async findByOpaque(opaqueHash: string): Promise<Handshake | undefined> {
    const id = this.#idOfOpaque.get(opaqueHash)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  async takeByUpstreamState(stateHash: string): Promise<Handshake | undefined> {
    const id = this.#idOfUpstreamState.get(stateHash)
    if (id === undefined) return undefined
    this.#idOfUpstreamState.delete(stateHash)
    return this.#byId.get(id)
  }

  async advance(
    id: HandshakeId,
    event: HandshakeEvent,
    now: number,
    changes: HandshakeChanges = {},
  ): Promise<Handshake | undefined> {
    const current = this.#byId.get(id)
    if (!current) return undefined
    const next = advanceHandshake(current.state, event, { now, expiresAt: current.expiresAt })
    if (!next.ok) return undefined
    const advanced: Handshake = { ...current, ...changes, state: next.value }
    this.#byId.set(id, advanced)
    return advanced
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [id, { expiresAt, opaqueHash, upstreamStateHash }] of this.#byId) {
      if (expiresAt >= before) continue
      this.#byId.delete(id)
      this.#idOfOpaque.delete(opaqueHash)
      this.#idOfUpstreamState.delete(upstreamStateHash)
      swept++
    }
    return swept
  }
}
