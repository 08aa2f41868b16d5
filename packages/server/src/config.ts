import type { ProviderId, Restrictions } from '@ath-protocol/types'
import type { Risk } from './ports/consents.ts'
import type { ApprovalRule } from './register/approval.ts'

/** One scope of a provider, as agents and users see it. */
export interface ScopeDefinition {
  readonly name: string
  /** For the consent page, one line. */
  readonly description?: string
  /** What a wrong yes would cost. Default `medium`. */
  readonly risk?: Risk
}

/** One service behind the implementor. */
export interface ProviderDefinition {
  readonly id: ProviderId
  readonly displayName: string
  readonly categories?: readonly string[]
  readonly scopes: readonly ScopeDefinition[]
  /** `oauth2`: the user is sent to the provider's OAuth server. Else our consent page alone asks. */
  readonly authMode: 'oauth2' | 'api_key' | 'basic' | 'cookie' | 'identity_header' | 'none'
  /** Scope name here → scope name at the upstream, where they differ. */
  readonly upstreamScopes?: Readonly<Record<string, string>>
  /** Show our consent page before going upstream. Default true; it is always shown where there is no upstream OAuth. */
  readonly consentPage: boolean
  /** Hold for every permission at this provider (U13). */
  readonly restrictions?: Restrictions
}

/** A DID that somebody here bound to a key: the only way in for a label, which proves nothing by itself (U4). */
export interface PinnedDid {
  readonly did: string
  /** RFC 7638 thumbprint of its key. */
  readonly thumbprint: string
  /** What people read. */
  readonly name: string
  readonly developer: { readonly name: string; readonly id: string }
}

/** The nine-step handshake. */
export interface NineStepConfig {
  /** Whether sessions may, or must, encrypt their messages (U10). Default `offered`. */
  readonly encryption: 'off' | 'offered' | 'required'
  /**
   * `always` asks the person each time (D13). `unless_covered`: not when a credential that the person signed with their
   * own key covers every scope and the whole time, and none of it is of high risk.
   */
  readonly confirmation: 'always' | 'unless_covered'
  /** The longest session; at most a day (D7). Default 8 hours. */
  readonly sessionLifetimeSeconds: number
  readonly pinnedDids: readonly PinnedDid[]
}

/** What the handlers need to know. Every field is decided at start; nothing is read from Host or other headers. */
export interface AthConfig {
  /** Public base URL without trailing slash. */
  readonly baseUrl: string
  /** Other public base URLs under which agents know us (C4). */
  readonly aliases: readonly string[]
  /** The exact redirect URI registered at the providers; `${baseUrl}/ath/callback`. */
  readonly callbackUrl: string
  readonly providers: ReadonlyMap<ProviderId, ProviderDefinition>
  /** Other names under which agents may ask for a provider (C27). Answers say its id. */
  readonly providerAliases?: Map<string, ProviderId>
  readonly approvalRules: readonly ApprovalRule[]
  /** For agents that no rule matches. Default `hold`. */
  readonly unmatchedAgents: 'hold' | 'deny'
  /** How long an approval lives unless its rule says else. Default 90 days. */
  readonly approvalLifetimeSeconds: number
  /** At most 3600 in ATH 0.1; default 3600. */
  readonly tokenLifetimeSeconds: number
  /** The longest a user can consent to. Default 8 hours. */
  readonly grantLifetimeSeconds: number
  /** Hold for every permission (U13). */
  readonly restrictions?: Restrictions
  /** From which risk on a yes needs a passkey. Default `high`. */
  readonly passkeyFrom?: Risk | 'never'
  /** Before the addresses of people's own pages; see `AthCall.mount`. */
  readonly peopleMount?: string
  /** Absent: the nine-step handshake is not offered. */
  readonly nineStep?: NineStepConfig
  /** C19: off only for development and peers' tests; the authorization URL is then the upstream's own. */
  readonly browserBinding: boolean
  /** C5: also accept the base URL as token audience. Default false. */
  readonly legacyTokenAudience: boolean
  /** Loopback http agent ids, development only. */
  readonly allowLoopbackHttp: boolean
}
