/**
 * Augment it with the scopes of your app, and `req.ath` knows them:
 * `declare module '@ath-protocol/server' { interface AthRegister { scopes: typeof athConfig.scopes } }`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented
export interface AthRegister {}

/** The scopes that the app has registered; any text until it does. */
export type RegisteredScope = AthRegister extends { scopes: infer Scopes }
  ? keyof Scopes & string
  : string

/** The agent behind a request, and what it may do here: the service approved it and the user agreed. */
export interface AthContext<Scope extends string = RegisteredScope> {
  readonly agent: {
    /** Its agent id: the URL of its document, or its DID. */
    readonly id: string
    /** As it calls itself. */
    readonly name: string
    readonly clientId: string
  }
  /** On whose behalf it acts. */
  readonly user: {
    /** Ours. */
    readonly id: string
    /** Who the user is at the app's OAuth server, where it says. */
    readonly issuer?: string
    readonly subject?: string
    readonly name?: string
    readonly email?: string
  }
  /** Everything the agent may do for this user. */
  readonly scopes: ReadonlySet<Scope>
  /** The one that opened this route. */
  readonly scope: Scope
  readonly grantId: string
  /** Of an agent that came by the nine-step handshake. */
  readonly sessionId?: string
  /** Aborted when the permission ends while the request is under way. */
  readonly signal: AbortSignal
}
