/** How a request came: from the person's own browser, from an app with the person's token, or from an agent. */
export type Hand =
  | { readonly kind: 'person' }
  | { readonly kind: 'app'; readonly clientId: string }
  | { readonly kind: 'agent'; readonly id: string; readonly name: string }

/** Whose cart and orders a request is about. */
export interface Shopper {
  /** The person, as the identity provider names them. */
  readonly id: string
  readonly hand: Hand
}
