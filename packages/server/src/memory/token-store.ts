import type { GrantId } from '@ath-protocol/types'
import type { TokenRecord, TokenStore } from '../ports/grants.ts'

/** Access tokens in process memory, by hash. */
export class InMemoryTokenStore implements TokenStore {
  readonly #byHash = new Map<string, TokenRecord>()

  async insert(token: TokenRecord): Promise<void> {
    if (this.#byHash.has(token.hash)) throw new Error('a token with this hash is stored already')
    this.#byHash.set(token.hash, token)
  }

  async find(hash: string): Promise<TokenRecord | undefined> {
    return this.#byHash.get(hash)
  }

  async revoke(hash: string, at: number): Promise<boolean> {
    const token = this.#byHash.get(hash)
    if (!token || token.revokedAt !== undefined) return false
    this.#byHash.set(hash, { ...token, revokedAt: at })
    return true
  }

  async revokeByGrant(grantId: GrantId, at: number): Promise<number> {
    let revoked = 0
    for (const [hash, token] of this.#byHash) {
      if (token.grantId !== grantId || token.revokedAt !== undefined || token.expiresAt <= at)
        continue
      this.#byHash.set(hash, { ...token, revokedAt: at })
      revoked++
    }
    return revoked
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const [hash, { expiresAt }] of this.#byHash)
      if (expiresAt < before && this.#byHash.delete(hash)) swept++
    return swept
  }
}
