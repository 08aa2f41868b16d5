import type { TokenResponse } from '@ath-protocol/types'

/** What a session is made from, e.g. when a stored token is taken up again. Keep all of it. */
export interface StoredSession {
  readonly providerId: string
  readonly accessToken: string
  readonly scopes: readonly string[]
  /** Unix seconds. */
  readonly expiresAt: number
  /** Until when the token can be renewed, in Unix seconds; absent where the gateway does not say. */
  readonly grantExpiresAt?: number | undefined
  /** What the user agreed to of what was asked: no renewal may give more. Default `scopes`. */
  readonly consentedScopes?: readonly string[] | undefined
}

/** `known`: what a renewal leaves as it was. */
export function storeToken(
  token: TokenResponse,
  receivedAt: number,
  known: Pick<StoredSession, 'grantExpiresAt' | 'consentedScopes'>,
): StoredSession {
  const at = Math.floor(receivedAt)
  const { grant_expires_in } = token
  return {
    providerId: token.provider_id,
    accessToken: token.access_token,
    scopes: token.effective_scopes,
    expiresAt: at + token.expires_in,
    grantExpiresAt: grant_expires_in === undefined ? known.grantExpiresAt : at + grant_expires_in,
    consentedScopes: known.consentedScopes,
  }
}
