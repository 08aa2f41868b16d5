/** How people sign in to the own pages. */
export type LoginSettings =
  | {
      readonly kind: 'oidc'
      readonly issuer: string
      readonly clientId: string
      /** Absent for a public client. */
      readonly clientSecret?: string
      /** Default `client_secret_basic` with a secret, `none` without. */
      readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'none'
      readonly scopes: readonly string[]
      /** How long a browser stays signed in. Default 8 h. */
      readonly sessionSeconds: number
    }
  /** Development only: anybody who opens the page is this user. */
  | { readonly kind: 'dev'; readonly user: string }
