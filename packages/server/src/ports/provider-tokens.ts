import type { GrantId } from '@ath-protocol/types'

/** What an upstream OAuth server gave for one grant. Never leaves the implementor (R75). */
export interface ProviderTokens {
  readonly accessToken: string
  readonly refreshToken?: string
  /** Unix seconds; absent when the upstream did not say. */
  readonly expiresAt?: number
  readonly scopes: readonly string[]
  /** The RFC 8707 resource they were asked for: a refresh must name it again. */
  readonly resource?: string
}

/** Implementations seal the tokens at rest (R122). */
export interface ProviderTokenStore {
  save(grantId: GrantId, tokens: ProviderTokens): Promise<void>
  find(grantId: GrantId): Promise<ProviderTokens | undefined>
  remove(grantId: GrantId): Promise<void>
  /** Every grant for which tokens are held, for the sweep. */
  listGrantIds(): Promise<readonly GrantId[]>
}
