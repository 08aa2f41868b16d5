/** How one provider's OAuth server is reached and who we are there. Comes from the operator, never from an agent. */
export interface OAuthProviderSettings {
  /**
   * The issuer identifier. Without both endpoints below it is also where metadata is discovered (OpenID Connect
   * Discovery, then RFC 8414). With it the callback's `iss` must be equal (RFC 9207).
   */
  readonly issuer?: string
  /** With `tokenEndpoint`: no discovery. Else it overrides what was discovered. */
  readonly authorizationEndpoint?: string
  readonly tokenEndpoint?: string
  readonly revocationEndpoint?: string
  readonly userinfoEndpoint?: string
  /** The userinfo member that names the user. Default: `sub`, else `id`. */
  readonly userinfoSubject?: string
  readonly clientId: string
  readonly clientSecret?: string
  /** Default `client_secret_basic` with a secret, `none` without. */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'none'
  /** Scopes asked besides the agent's, e.g. `openid offline_access`. */
  readonly extraScopes?: readonly string[]
  /** Extra parameters of the authorization request, e.g. `prompt: consent`. They never replace the protocol's own. */
  readonly authorizationParameters?: Readonly<Record<string, string>>
}
