import type { ClientId, GrantId, ProviderId, SessionId, UserId } from '@ath-protocol/types'
import type { Grant, GrantStore } from '../ports/grants.ts'

/** Grants in process memory. */
export class InMemoryGrantStore implements GrantStore {
  readonly #byId = new Map<GrantId, Grant>()

  async insert(grant: Grant): Promise<void> {
    if (this.#byId.has(grant.id)) throw new Error('a grant with this id is stored already')
    this.#byId.set(grant.id, grant)
  }

  async find(id: GrantId): Promise<Grant | undefined> {
    return this.#byId.get(id)
  }

  async confirm(id: GrantId, expiresAt: number, sessionId?: SessionId): Promise<boolean> {
    const grant = this.#byId.get(id)
    if (!grant || grant.revokedAt !== undefined) return false
    this.#byId.set(id, { ...grant, expiresAt, ...(sessionId === undefined ? {} : { sessionId }) })
    return true
  }

  async narrow(id: GrantId, scopes: readonly string[]): Promise<boolean> {
    const grant = this.#byId.get(id)
    if (!grant || grant.revokedAt !== undefined) return false
    this.#byId.set(id, { ...grant, scopes })
    return true
  }

  async revoke(id: GrantId, at: number): Promise<boolean> {
    const grant = this.#byId.get(id)
    if (!grant || grant.revokedAt !== undefined) return false
    this.#byId.set(id, { ...grant, revokedAt: at })
    return true
  }

  async list(filter: {
    readonly userId?: UserId
    readonly clientId?: ClientId
    readonly providerId?: ProviderId
    readonly liveAt?: number
  }): Promise<readonly Grant[]> {
    const { userId, clientId, providerId, liveAt } = filter
    return [...this.#byId.values()]
      .filter(
        (grant) =>
          (userId === undefined || grant.userId === userId) &&
          (clientId === undefined || grant.clientId === clientId) &&
          (providerId === undefined || grant.providerId === providerId) &&
          (liveAt === undefined || (grant.revokedAt === undefined && grant.expiresAt > liveAt)),
      )
      .sort((a, b) => a.createdAt - b.createdAt)
  }
}
