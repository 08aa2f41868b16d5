import type { ClientId, SessionId, UserId } from '@ath-protocol/types'
import type { Session, SessionStore } from '../ports/nine-step.ts'

interface Held {
  session: Session
  readonly reserved: { c2s: number; s2c: number }
}

/** Sessions of completed nine-step handshakes in process memory, their keys in clear as there is no disk. */
export class InMemoryNineStepSessionStore implements SessionStore {
  readonly #byId = new Map<SessionId, Held>()

  async insert(session: Session): Promise<void> {
    if (this.#byId.has(session.id)) throw new Error('a session with this id is stored already')
    this.#byId.set(session.id, { session, reserved: { c2s: 0, s2c: 0 } })
  }

  async find(id: SessionId): Promise<Session | undefined> {
    return this.#byId.get(id)?.session
  }

  async revoke(id: SessionId, at: number): Promise<boolean> {
    const held = this.#byId.get(id)
    if (!held || held.session.revokedAt !== undefined) return false
    held.session = { ...held.session, revokedAt: at }
    return true
  }

  async list(filter: {
    readonly credentialId?: string
    readonly clientId?: ClientId
    readonly userId?: UserId
    readonly liveAt?: number
  }): Promise<readonly Session[]> {
    const { credentialId, clientId, userId, liveAt } = filter
    return [...this.#byId.values()]
      .map(({ session }) => session)
      .filter(
        (session) =>
          (credentialId === undefined || session.credentialId === credentialId) &&
          (clientId === undefined || session.clientId === clientId) &&
          (userId === undefined || session.userId === userId) &&
          (liveAt === undefined || (session.revokedAt === undefined && session.expiresAt > liveAt)),
      )
      .sort((a, b) => a.createdAt - b.createdAt)
  }

  async reserveSequence(id: SessionId, direction: 'c2s' | 's2c', upTo: number): Promise<number> {
    const held = this.#byId.get(id)
    if (!held) throw new Error('no session with this id is stored')
    const before = held.reserved[direction]
    held.reserved[direction] = Math.max(before, upTo)
    return before
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [id, { session }] of this.#byId)
      if (session.expiresAt < before && this.#byId.delete(id)) swept++
    return swept
  }
}
