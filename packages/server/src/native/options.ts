import type { Restrictions } from '@ath-protocol/types'
import type { Risk } from '../ports/consents.ts'
import type { AuditEvent, AuditSink } from '../ports/audit.ts'
import type { Limited, RateLimit } from '../ports/limits.ts'
import type { StoreSource } from '../ports/store.ts'
import type { DevPerson } from '../dev-idp/settings.ts'

/** One scope: the routes it opens, or more about it. Patterns as in `GET /api/orders/**`; `**` is any rest. */
export type ScopeEntry =
  | readonly string[]
  | {
      /** Left out: nothing but `requireScope` on a route opens it. */
      readonly routes?: readonly string[]
      /** For the person who consents, one line. */
      readonly description?: string
      /** What a wrong yes would cost; `high` needs a passkey. Default `medium`. */
      readonly risk?: Risk
    }

/** The app's own OAuth server, where its users say yes. Found by its issuer, or by its endpoints. */
export type OAuthOptions = {
  readonly clientId: string
  readonly clientSecret?: string
  /** Default `client_secret_basic` with a secret, `none` without. */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'none'
  /** Asked besides the agent's scopes, e.g. `openid offline_access`. Default `openid` with an issuer. */
  readonly extraScopes?: readonly string[]
  /** Scope name here → scope name there, where they differ. */
  readonly scopeNames?: Readonly<Record<string, string>>
  readonly authorizationParameters?: Readonly<Record<string, string>>
} & (
  | { readonly issuer: string }
  | {
      readonly authorizationEndpoint: string
      readonly tokenEndpoint: string
      readonly userinfoEndpoint?: string
      readonly revocationEndpoint?: string
      /** The userinfo member that names the user. Default `sub`, else `id`. */
      readonly userinfoSubject?: string
    }
)

/** Which agents get in, and with what at most. The first that matches decides. */
export interface AgentRule<Scope extends string = string> {
  /** The agent's id or DID, or a prefix of it that ends in `*`. */
  readonly agent?: string
  /** The host of the agent's id: exact, or `*.corp.example`. */
  readonly domain?: string
  /** Left out: the agent is denied. */
  readonly allow?: readonly Scope[] | 'all'
  readonly restrictions?: Restrictions
  /** The key of an agent that comes by a DID which names no key (`did:ath:<label>`): its RFC 7638 thumbprint. */
  readonly keyThumbprint?: string
  /** Its name, and its developer's, for people. */
  readonly name?: string
}

export interface AthOptions<Scope extends string = string> {
  /** The app's public URL: `https://shop.example`, or `http://localhost:3000` in development. */
  readonly url: string
  /** Names the app to agents, like `com.acme.shop`. */
  readonly appId: string
  /** For people. Default: the app id. */
  readonly name?: string
  /** Where the API begins, as a path. Default `/`. */
  readonly apiBase?: string
  readonly scopes: Readonly<Record<Scope, ScopeEntry>>
  /** Exactly one of `oauth` and `devIdp`. */
  readonly oauth?: OAuthOptions
  /** Development only: a log-in and consent page inside the app, for made-up people. */
  readonly devIdp?: boolean | { readonly people?: readonly DevPerson[] }
  /** Agents that no rule matches wait for a decision. Development without rules: agents on this machine get everything. */
  readonly agents?: readonly AgentRule<NoInfer<Scope>>[]
  /** Other names under which agents may ask for the app; its last label and `default` always work. */
  readonly aliases?: readonly string[]
  /** Default: memory, which forgets everything at the end of the process. */
  readonly store?: StoreSource
  /**
   * At least 32 random characters that stay the same: what is kept is encrypted with it, and the server's keys come from
   * it. Default: the environment variable `ATH_SECRET`, in development a new one at each start.
   */
  readonly secret?: string
  /** Whether agents may come by the nine-step handshake, too. Default true where people can sign in. */
  readonly nineStep?: boolean
  /**
   * `ours` (default where people can sign in): our page says who asks and what for before the OAuth server asks. `oauth`:
   * only the OAuth server asks.
   */
  readonly consentPage?: 'ours' | 'oauth'
  /** Where an order says what it costs, for agents whose orders are limited: `{ 'POST /api/orders': '/total' }` (JSON pointer). */
  readonly amounts?: Readonly<Record<string, string>>
  /** Hold for every permission (U13). */
  readonly restrictions?: Restrictions
  /** The longest permission in seconds. Default 8 hours. */
  readonly grantLifetimeSeconds?: number
  /** Where each decision goes. Default: one line of JSON to stderr. */
  readonly audit?:
    | AuditSink
    | ((event: AuditEvent & { readonly id: string; readonly time: string }) => void)
  /** Where warnings and faults go. Default: stderr. */
  readonly log?: (line: string) => void
  /** Where `/ath/proxy/…` sends calls. Default: the app itself, at `url`. */
  readonly upstream?: string
  /** Other rates than usual: `{ proxy_token: { count: 500, perSeconds: 1 } }`. */
  readonly limits?: Partial<Readonly<Record<Limited, RateLimit>>>
  /** Agents' documents may be fetched from these private networks (CIDR), too. */
  readonly allowNetworks?: readonly string[]
  /**
   * What only development may have is refused in production: where NODE_ENV says so, whatever is said here, or where this
   * is true. `false` says that a `url` which others could reach is for development.
   */
  readonly production?: boolean
}

/** Checks the names of scopes where they are written, so that they are known wherever they are used. */
export const defineAth = <const Scope extends string>(
  options: AthOptions<Scope>,
): AthOptions<Scope> => options

/** A setting that cannot work, with what was found and how to mend it. */
export class AthSetupError extends Error {
  override readonly name = 'AthSetupError'
  readonly fix: string
  constructor(problem: string, fix: string) {
    super(`${problem}. Fix: ${fix}.`)
    this.fix = fix
  }
}
