import type { GrantId } from '@ath-protocol/types'
import type { ProviderTokens, ProviderTokenStore } from '../ports/provider-tokens.ts'

/** Upstream tokens in process memory; there is no disk on which they could lie in clear. */
export class InMemoryProviderTokenStore implements ProviderTokenStore {
  readonly #byGrant = new Map<GrantId, ProviderTokens>()

  async save(grantId: GrantId, tokens: ProviderTokens): Promise<void> {
    this.#byGrant.set(grantId, tokens)
  }

  async find(grantId: GrantId): Promise<ProviderTokens | undefined> {
    return this.#byGrant.get(grantId)
  }

  async remove(grantId: GrantId): Promise<void> {
    this.#byGrant.delete(grantId)
  }

  async listGrantIds(): Promise<readonly GrantId[]> {
    return [...this.#byGrant.keys()]
  }
}
