/** How people sign in to the own pages. */
export type LoginSettings =
  | {
      readonly kind: 'oidc'
      readonly issuer: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scopes: readonly string[]
      /** How long a browser stays signed in. Default 8 h. */
      readonly sessionSeconds: number
    }
  /** Development only: anybody who opens the page is this user. */
  | { readonly kind: 'dev'; readonly user: string }
