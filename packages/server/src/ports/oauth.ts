import type { Failure, ProviderId, Result } from '@ath-protocol/types'
import type { ProviderTokens } from './provider-tokens.ts'

/** What the upstream OAuth server answered after the user was there. */
export interface Completed {
  readonly tokens: ProviderTokens
  /** The `scope` member as answered; absent when the upstream left it out (C25). */
  readonly answeredScope?: string
  /** The user at the upstream, when it said: OpenID `sub` or the configured userinfo field. */
  readonly subject?: {
    readonly issuer: string
    readonly subject: string
    readonly name?: string
    readonly email?: string
  }
}

/** The upstream said no, in the user's name (`access_denied`). */
export interface DeniedUpstream {
  readonly denied: true
}

/** Speaks OAuth 2.0 to the providers' authorization servers: code grant, PKCE S256, RFC 8707, RFC 9207. */
export interface OAuthBridge {
  /** The upstream authorization URL for one handshake. */
  authorizationUrl(
    providerId: ProviderId,
    request: {
      readonly state: string
      readonly nonce: string
      readonly codeVerifier: string
      readonly scopes: readonly string[]
      readonly resource?: string
      /**
       * Nobody but the provider asks the person. It knows one client, this gateway: its memory of an earlier yes is
       * about another agent, so it has to ask again (`prompt=consent`).
       */
      readonly askAnew?: boolean
    },
  ): Promise<Result<URL, Failure>>
  /** Exchanges the code. `query` is the callback's query; the redirect URI comes from configuration, never from Host. */
  complete(
    providerId: ProviderId,
    query: URLSearchParams,
    expected: {
      readonly state: string
      readonly nonce: string
      readonly codeVerifier: string
      /** The scopes given to `authorizationUrl`: what an answer without `scope` stands for (C25). */
      readonly scopes: readonly string[]
      readonly resource?: string
    },
  ): Promise<Result<Completed | DeniedUpstream, Failure>>
  /** Keeps the old refresh token when the upstream gives no new one, and the resource of the tokens (RFC 8707). */
  refresh(providerId: ProviderId, tokens: ProviderTokens): Promise<Result<ProviderTokens, Failure>>
  /** RFC 7009 at the upstream, where it has an endpoint. Never throws; failures are reported for the record. */
  revoke(providerId: ProviderId, tokens: ProviderTokens): Promise<Result<void, Failure>>
}
