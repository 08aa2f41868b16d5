import type { Random } from '@ath-protocol/types'
import type { Kysely, Transaction } from 'kysely'
import { userDirectory } from '../../login/user-directory.ts'
import type { Seal } from '../../ports/seal.ts'
import type { Store } from '../../ports/store.ts'
import { answering } from '../answering.ts'
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

/** The ports over one database, whichever SQL it speaks. */
export function createStore(
  db: Kysely<Tables>,
  options: {
    readonly seal: Seal
    readonly random: Random
    readonly shared: boolean
    /** Makes the transactions that call it wait for each other; absent where all do. */
    readonly lock?: (transaction: Transaction<Tables>) => Promise<void>
  },
): Store {
  const { seal, random, shared, lock } = options
  const logins = answering(createLoginStore(db, seal, random))
  return {
    shared,
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
    channelIdentities: answering(createChannelIdentityStore(db, lock)),
    deliveries: answering(createDeliveryStore(db)),
    logins,
    users: userDirectory(logins),
    auditAnchor: answering(createAuditAnchor(db)),
    ...answering({
      check: async () => {
        await db.selectFrom('auditHeads').select('name').limit(1).execute()
      },
    }),
    close: () => db.destroy(),
  }
}
