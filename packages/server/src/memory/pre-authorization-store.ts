import type { UserId } from '@ath-protocol/types'
import type { PreAuthorization, PreAuthorizationStore } from '../ports/nine-step.ts'

/** What users allowed ahead of time, in process memory. */
export class InMemoryPreAuthorizationStore implements PreAuthorizationStore {
  readonly #byName = new Map<string, PreAuthorization>()

  async ensure(authorization: PreAuthorization): Promise<PreAuthorization> {
    const name = nameOf(authorization.userId, authorization.id)
    const standing = this.#byName.get(name)
    if (standing) return standing
    this.#byName.set(name, authorization)
    return authorization
  }

  async findByHash(hash: string): Promise<PreAuthorization | undefined> {
    return [...this.#byName.values()].filter(isSeen).find((standing) => standing.hash === hash)
  }

  async find(userId: UserId, id: string): Promise<PreAuthorization | undefined> {
    return this.#byName.get(nameOf(userId, id))
  }

  async use(userId: UserId, id: string, at: number): Promise<boolean> {
    const name = nameOf(userId, id)
    const standing = this.#byName.get(name)
    if (!standing || standing.revokedAt !== undefined || standing.expiresAt <= at) return false
    if (standing.oneTime && standing.usedAt !== undefined) return false
    this.#byName.set(name, { ...standing, usedAt: at })
    return true
  }

  async revoke(userId: UserId, id: string, at: number): Promise<boolean> {
    const name = nameOf(userId, id)
    const standing = this.#byName.get(name)
    if (standing?.revokedAt !== undefined) return false
    this.#byName.set(name, { ...(standing ?? unseen(userId, id, at)), revokedAt: at })
    return true
  }

  async list(userId: UserId): Promise<readonly PreAuthorization[]> {
    return [...this.#byName.values()]
      .filter((standing) => standing.userId === userId && isSeen(standing))
      .sort((a, b) => b.createdAt - a.createdAt)
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [name, standing] of this.#byName)
      if (isSeen(standing) && standing.expiresAt < before && this.#byName.delete(name)) swept++
    return swept
  }
}

const nameOf = (userId: UserId, id: string): string => JSON.stringify([userId, id])

const isSeen = ({ hash }: PreAuthorization): boolean => hash !== ''

/** Revoked before anybody showed it: only its name is known. */
const unseen = (userId: UserId, id: string, at: number): PreAuthorization => ({
  id,
  userId,
  clientDid: '',
  scopes: [],
  oneTime: true,
  madeBy: 'user',
  hash: '',
  createdAt: at,
  expiresAt: at,
})
