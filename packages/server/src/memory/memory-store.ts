import type { Random } from '@ath-protocol/types'
import { userDirectory } from '../login/user-directory.ts'
import type { Store, StoreSource } from '../ports/store.ts'
import { InMemoryAgentRegistry } from './agent-registry.ts'
import { InMemoryAuditAnchor } from './audit-anchor.ts'
import { InMemoryChannelIdentityStore, InMemoryDeliveryStore } from './channel-stores.ts'
import { InMemoryConsentStore } from './consent-store.ts'
import { InMemoryGrantStore } from './grant-store.ts'
import { InMemoryLoginStore } from './login-store.ts'
import { InMemoryNineStepSessionStore } from './nine-step-session-store.ts'
import { InMemoryNineStepStore } from './nine-step-store.ts'
import { InMemoryPasskeyStore } from './passkey-store.ts'
import { InMemoryPreAuthorizationStore } from './pre-authorization-store.ts'
import { InMemoryProviderTokenStore } from './provider-token-store.ts'
import { InMemoryReplayStore } from './replay-store.ts'
import { InMemorySessionStore } from './session-store.ts'
import { InMemoryTokenStore } from './token-store.ts'
import { InMemoryUpstreamLegStore } from './upstream-leg-store.ts'
import { InMemoryUserKeyStore } from './user-key-store.ts'

/**
 * Everything in process memory: for development, tests and one process that may forget. A restart ends every permission
 * and forgets which attestations were seen (R34); docs/stores.md compares the stores.
 */
export const memoryStore = (): StoreSource => ({
  kind: 'memory',
  open: async ({ random }) => createMemoryStore(random),
})

function createMemoryStore(random: Random): Store {
  const logins = new InMemoryLoginStore(random)
  return {
    shared: false,
    registry: new InMemoryAgentRegistry(),
    handshakes: new InMemorySessionStore(),
    nineStep: new InMemoryNineStepStore(),
    consents: new InMemoryConsentStore(),
    sessions: new InMemoryNineStepSessionStore(),
    grants: new InMemoryGrantStore(),
    tokens: new InMemoryTokenStore(),
    providerTokens: new InMemoryProviderTokenStore(),
    replay: new InMemoryReplayStore(),
    userKeys: new InMemoryUserKeyStore(),
    preAuthorizations: new InMemoryPreAuthorizationStore(),
    legs: new InMemoryUpstreamLegStore(),
    passkeys: new InMemoryPasskeyStore(),
    channelIdentities: new InMemoryChannelIdentityStore(),
    deliveries: new InMemoryDeliveryStore(),
    logins,
    users: userDirectory(logins),
    auditAnchor: new InMemoryAuditAnchor(),
    check: async () => {},
    close: async () => {},
  }
}
