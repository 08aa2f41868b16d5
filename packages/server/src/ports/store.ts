import type { Random } from '@ath-protocol/types'
import type { AuditAnchor } from './audit-anchor.ts'
import type { ChannelIdentityStore, DeliveryStore } from './channels.ts'
import type { UserDirectory } from './consent-desk.ts'
import type { ConsentStore } from './consents.ts'
import type { GrantStore, TokenStore } from './grants.ts'
import type { HandshakeStore } from './handshakes.ts'
import type { LoginStore } from './logins.ts'
import type {
  NineStepStore,
  PreAuthorizationStore,
  SessionStore,
  UpstreamLegStore,
  UserKeyStore,
} from './nine-step.ts'
import type { PasskeyStore } from './passkeys.ts'
import type { ProviderTokenStore } from './provider-tokens.ts'
import type { AgentRegistry } from './registry.ts'
import type { ReplayStore } from './replay.ts'
import type { Seal } from './seal.ts'

/**
 * All that must survive a crash. What a method answered is durable when it returns. A store that does not answer throws
 * `DependencyDown('store')`, and answers again by itself once it can.
 */
export interface Store {
  /** Another process may write to it, so nothing read from it may be kept in memory. */
  readonly shared: boolean
  readonly registry: AgentRegistry
  readonly handshakes: HandshakeStore
  readonly nineStep: NineStepStore
  readonly consents: ConsentStore
  readonly sessions: SessionStore
  readonly grants: GrantStore
  readonly tokens: TokenStore
  readonly providerTokens: ProviderTokenStore
  readonly replay: ReplayStore
  readonly userKeys: UserKeyStore
  readonly preAuthorizations: PreAuthorizationStore
  readonly legs: UpstreamLegStore
  readonly passkeys: PasskeyStore
  readonly channelIdentities: ChannelIdentityStore
  readonly deliveries: DeliveryStore
  readonly logins: LoginStore
  readonly users: UserDirectory
  readonly auditAnchor: AuditAnchor
  /** Throws when the store cannot be read: not ready. */
  check(): Promise<void>
  close(): Promise<void>
}

/** What a store needs from whoever opens it. */
export interface StoreDeps {
  /** Seals what must not lie in clear outside this process. */
  readonly seal: Seal
  readonly random: Random
}

/** A store as configured, before it is opened. */
export interface StoreSource {
  readonly kind: 'memory' | 'sqlite' | 'postgres' | 'redis'
  /** Throws a `StartError`, which says what to do, for a store that cannot be opened. */
  open(deps: StoreDeps): Promise<Store>
}
