import type { ConsentId, UserId } from '@ath-protocol/types'
import type { ConsentDecided, ConsentRequest, ConsentStore } from '../ports/consents.ts'

/** Questions to people in process memory. Each method is one synchronous step, so of two answers one wins. */
export class InMemoryConsentStore implements ConsentStore {
  readonly #byId = new Map<ConsentId, ConsentRequest>()
  readonly #idOfHandshake = new Map<string, ConsentId>()
  /** Expired, and given to whoever tells the channels. */
  readonly #told = new Set<ConsentId>()

  async insert(consent: ConsentRequest): Promise<boolean> {
    const { id, handshake } = consent
    if (this.#byId.has(id) || this.#idOfHandshake.has(handshake.id)) return false
    this.#byId.set(id, consent)
    this.#idOfHandshake.set(handshake.id, id)
    return true
  }

  async find(id: ConsentId): Promise<ConsentRequest | undefined> {
    return this.#byId.get(id)
  }

  async findByHandshake(handshakeId: string): Promise<ConsentRequest | undefined> {
    const id = this.#idOfHandshake.get(handshakeId)
    return id === undefined ? undefined : this.#byId.get(id)
  }

  async decide(id: ConsentId, decision: ConsentDecided): Promise<ConsentRequest | undefined> {
    const consent = this.#byId.get(id)
    if (!consent || consent.decision || decision.decidedAt >= consent.expiresAt) return undefined
    const decided: ConsentRequest = { ...consent, decision }
    this.#byId.set(id, decided)
    return decided
  }

  async list(filter: {
    readonly userId: UserId
    readonly pendingAt?: number
    readonly limit?: number
  }): Promise<readonly ConsentRequest[]> {
    const { userId, pendingAt, limit = 100 } = filter
    return [...this.#byId.values()]
      .filter(
        (consent) =>
          (consent.userId === userId || consent.decision?.userId === userId) &&
          (pendingAt === undefined || (!consent.decision && consent.expiresAt > pendingAt)),
      )
      .sort((a, b) => b.createdAt - a.createdAt)
      .slice(0, limit)
  }

  async takeExpired(now: number): Promise<readonly ConsentRequest[]> {
    const expired = [...this.#byId.values()].filter(
      ({ id, decision, expiresAt }) => !decision && expiresAt <= now && !this.#told.has(id),
    )
    for (const { id } of expired) this.#told.add(id)
    return expired
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [id, { decision, expiresAt, handshake }] of this.#byId) {
      if ((decision?.decidedAt ?? expiresAt) >= before) continue
      this.#byId.delete(id)
      this.#idOfHandshake.delete(handshake.id)
      this.#told.delete(id)
      swept++
    }
    return swept
  }
}
