import type { UserId } from '@ath-protocol/types'
import type { UserKey, UserKeyStore } from '../ports/nine-step.ts'

/** The keys that people registered, in process memory. */
export class InMemoryUserKeyStore implements UserKeyStore {
  readonly #byThumbprint = new Map<string, UserKey>()

  async insert(key: UserKey): Promise<boolean> {
    if (this.#byThumbprint.has(key.thumbprint)) return false
    this.#byThumbprint.set(key.thumbprint, key)
    return true
  }

  async find(thumbprint: string): Promise<UserKey | undefined> {
    return this.#byThumbprint.get(thumbprint)
  }

  async list(userId: UserId): Promise<readonly UserKey[]> {
    return [...this.#byThumbprint.values()]
      .filter((key) => key.userId === userId)
      .sort((a, b) => a.createdAt - b.createdAt)
  }

  async remove(userId: UserId, thumbprint: string): Promise<boolean> {
    if (this.#byThumbprint.get(thumbprint)?.userId !== userId) return false
    return this.#byThumbprint.delete(thumbprint)
  }
}
