import { type UserDirectory } from '../../ports/consent-desk.ts'
import { type ConsentStore } from '../../ports/consents.ts'
import { type GrantStore, type TokenStore } from '../../ports/grants.ts'
import { type HandshakeStore } from '../../ports/handshakes.ts'
import {
  type NineStepStore,
  type PreAuthorizationStore,
  type SessionStore,
  type UpstreamLegStore,
  type UserKeyStore,
} from '../../ports/nine-step.ts'
import { type ProviderTokenStore } from '../../ports/provider-tokens.ts'
import { type AgentRegistry } from '../../ports/registry.ts'
import { type ReplayStore } from '../../ports/replay.ts'
import { DependencyDown } from '../../story/dependency-down.ts'
import type { Random } from '@ath-protocol/types'
import type { Kysely } from 'kysely'
import type { AuditAnchor } from '../../ports/audit-anchor.ts'
import type { ChannelIdentityStore, DeliveryStore } from '../../ports/channels.ts'
import type { LoginStore } from '../../ports/logins.ts'
import type { PasskeyStore } from '../../ports/passkeys.ts'
import type { Seal } from '../../ports/seal.ts'
import { createAgentRegistry } from './agent-registry.ts'
import { createAuditAnchor } from './audit-anchor.ts'
import { createChannelIdentityStore, createDeliveryStore } from './channel-stores.ts'
import { createConsentStore } from './consent-store.ts'
import { createGrantStore } from './grant-store.ts'
import { createHandshakeStore } from './handshake-store.ts'
import { createLoginStore } from './login-store.ts'
import { createNineStepStore } from './nine-step-store.ts'
import { createPasskeyStore } from './passkey-store.ts'
import { createPreAuthorizationStore } from './pre-authorization-store.ts'
import { createProviderTokenStore } from './provider-token-store.ts'
import { createReplayStore } from './replay-store.ts'
import { createSessionStore } from './session-store.ts'
import type { Tables } from './tables.ts'
import { createTokenStore } from './token-store.ts'
import { createUpstreamLegStore } from './upstream-leg-store.ts'
import { createUserKeyStore } from './user-key-store.ts'

/** All that must survive a crash. What a method answered is durable when it returns. */
export interface Store {
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

/** The ports over one database, whichever SQL it speaks. */
export function createStore(db: Kysely<Tables>, seal: Seal, random: Random): Store {
  const logins = answering(createLoginStore(db, seal, random))
  return {
    registry: answering(createAgentRegistry(db)),
    handshakes: answering(createHandshakeStore(db, seal)),
    nineStep: answering(createNineStepStore(db)),
    consents: answering(createConsentStore(db)),
    sessions: answering(createSessionStore(db, seal)),
    grants: answering(createGrantStore(db)),
    tokens: answering(createTokenStore(db)),
    providerTokens: answering(createProviderTokenStore(db, seal)),
    replay: answering(createReplayStore(db)),
    userKeys: answering(createUserKeyStore(db)),
    preAuthorizations: answering(createPreAuthorizationStore(db)),
    legs: answering(createUpstreamLegStore(db, seal)),
    passkeys: answering(createPasskeyStore(db)),
    channelIdentities: answering(createChannelIdentityStore(db)),
    deliveries: answering(createDeliveryStore(db)),
    logins,
    users: {
      ensure: async (person) => (await logins.ensureUser(person)).id,
      has: async (id) => (await logins.findUser(id)) !== undefined,
    },
    auditAnchor: createAuditAnchor(db),
    check: async () => {
      await db.selectFrom('auditHeads').select('name').limit(1).execute()
    },
    close: () => db.destroy(),
  }
}

/** The same port, whose failures say that the store does not answer, so that callers refuse with 503. */
function answering<Port extends object>(port: Port): Port {
  const wrapped = Object.entries(port).map(([name, method]) => [
    name,
    (...parameters: unknown[]) =>
      (method as (...given: unknown[]) => Promise<unknown>)(...parameters).catch(
        (cause: unknown) => {
          throw new DependencyDown('store', cause)
        },
      ),
  ])
  return Object.fromEntries(wrapped) as Port
}
