import type {
  AthConfig,
  Limited,
  OAuthProviderSettings,
  RateLimit,
  ScopeRule,
} from '@ath-protocol/server'
import type { ProviderId } from '@ath-protocol/types'
import type { ConfirmConfig } from './channels.ts'
import type { AmountRule, LoginSettings } from '@ath-protocol/server/parts'
import type { WatchRule } from '../watch/watch.ts'

/**
 * The configuration as the gateway uses it: read, checked, secrets resolved, defaults filled in. `load.ts` makes it
 * from the YAML file. Times are seconds, sizes bytes.
 */
export interface GatewayConfig {
  readonly mode: 'dev' | 'start'
  /** Absolute path of the file it came from; absent for `sallyport dev` without a file. */
  readonly file?: string
  /** Absolute path of the folder that holds the store, the keys and the audit segments. */
  readonly dataDir: string
  readonly listen: Listen
  /** The protocol's own settings; `ath.baseUrl` is `gateway.url`. */
  readonly ath: AthConfig
  readonly providers: ReadonlyMap<ProviderId, Provider>
  readonly login: LoginSettings
  readonly confirm: ConfirmConfig
  /** The gateway's own DID as a name (`nine_step.server_did`); absent: the one that its key makes (U4). */
  readonly serverDid?: string
  readonly limits: ReadonlyMap<Limited, RateLimit>
  readonly identityDocuments: {
    /** Networks in which agent.json may be fetched although they are private (CIDR). */
    readonly allowNetworks: readonly string[]
    readonly connectTimeoutSeconds: number
    readonly readTimeoutSeconds: number
  }
  readonly audit: {
    /** `batched`: on disk within 100 ms. `always`: before the answer leaves, by group commit. */
    readonly durability: 'batched' | 'always'
    readonly segmentBytes: number
  }
  /** Which repeated faults raise an alert, and whether the agent is suspended (R118, R120). */
  readonly alerts: readonly WatchRule[]
  /** What `dev` allows and `start` refuses, as sentences. Empty under `start`. */
  readonly devDefaults: readonly string[]
}

export interface Listen {
  readonly host: string
  readonly port: number
  readonly tls?: {
    readonly certFile: string
    readonly keyFile: string
    /** With it only callers whose certificate this CA signed are let in (mutual TLS, R115). */
    readonly clientCaFile?: string
  }
  /** Proxies (CIDR) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly drainSeconds: number
  readonly maxHeaderBytes: number
}

/** One system behind the gateway. */
export interface Provider {
  readonly id: ProviderId
  /** Base URL; its path is the base path that a request never leaves. */
  readonly url: URL
  readonly scopeRules: readonly ScopeRule[]
  /** Where requests say what an order costs (U13). */
  readonly amounts: readonly AmountRule[]
  readonly auth: ProviderAuth
  readonly timeouts: {
    readonly connectSeconds: number
    readonly headersSeconds: number
    /** Longest silence between two body chunks; 0 for none (SSE). */
    readonly idleSeconds: number
  }
  /** Longest request body; default 1 GiB and more is a config choice. */
  readonly maxRequestBytes: number
  /** PEM file with the CA that signs this upstream's certificate; the system's CAs when absent. */
  readonly caFile?: string
}

/** How the gateway authenticates itself, or the user, to the upstream. */
export type ProviderAuth =
  /** Scopes of `extraScopes` are asked besides those mapped, e.g. `openid offline_access`. */
  | ({ readonly kind: 'oauth2' } & OAuthProviderSettings)
  | { readonly kind: 'mock_oauth2'; readonly user: string }
  | {
      readonly kind: 'api_key'
      readonly header: string
      readonly prefix: string
      readonly key: string
    }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'cookie'
      /** The log-in request: path below the base URL, form fields or JSON. */
      readonly login: {
        readonly method: 'POST'
        readonly path: string
        readonly encoding: 'form' | 'json'
        readonly fields: Readonly<Record<string, string>>
      }
      /** Answers that mean the session is over: log in again once. */
      readonly expiredWhen: { readonly status: readonly number[]; readonly redirectTo?: string }
    }
  | {
      readonly kind: 'identity_header'
      /** Plain headers; one whose name is empty is not sent. */
      readonly userHeader: string
      readonly agentHeader: string
      readonly scopesHeader: string
      /** A JWT (ES256, ≤ 60 s) with sub = user, act.sub = agent, aud = the upstream. */
      readonly assertionHeader: string
      readonly audience: string
    }
  | { readonly kind: 'none' }
