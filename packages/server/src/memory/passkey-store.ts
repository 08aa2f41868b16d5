import type { UserId } from '@ath-protocol/types'
import type { Passkey, PasskeyStore } from '../ports/passkeys.ts'

/** People's passkeys in process memory: they are gone after a restart. */
export class InMemoryPasskeyStore implements PasskeyStore {
  readonly #byId = new Map<string, Passkey>()

  async insert(passkey: Passkey): Promise<boolean> {
    if (this.#byId.has(passkey.credentialId)) return false
    this.#byId.set(passkey.credentialId, passkey)
    return true
  }

  async find(credentialId: string): Promise<Passkey | undefined> {
    return this.#byId.get(credentialId)
  }

  async list(userId: UserId): Promise<readonly Passkey[]> {
    return [...this.#byId.values()]
      .filter((passkey) => passkey.userId === userId)
      .sort((a, b) => a.createdAt - b.createdAt)
  }

  async bump(
    credentialId: string,
    seen: number,
    use: { readonly counter: number; readonly backedUp: boolean; readonly at: number },
  ): Promise<boolean> {
    const passkey = this.#byId.get(credentialId)
    if (passkey?.counter !== seen) return false
    const { counter, backedUp, at } = use
    this.#byId.set(credentialId, { ...passkey, counter, backedUp, lastUsedAt: at })
    return true
  }

  async remove(userId: UserId, credentialId: string): Promise<boolean> {
    if (this.#byId.get(credentialId)?.userId !== userId) return false
    return this.#byId.delete(credentialId)
  }
}
