import {
  InMemoryAgentRegistry,
  InMemoryConsentStore,
  InMemoryGrantStore,
  InMemoryNineStepSessionStore,
  InMemoryNineStepStore,
  InMemoryPreAuthorizationStore,
  InMemoryProviderTokenStore,
  InMemoryReplayStore,
  InMemorySessionStore,
  InMemoryTokenStore,
  InMemoryUpstreamLegStore,
  InMemoryUserKeyStore,
} from '@ath-protocol/server'
import { consentsContract } from './consents-contract.ts'
import { grantsContract } from './grants-contract.ts'
import { handshakesContract } from './handshakes-contract.ts'
import { nineStepContract } from './nine-step-contract.ts'
import { preAuthorizationsContract } from './pre-authorizations-contract.ts'
import { providerTokensContract } from './provider-tokens-contract.ts'
import { registryContract } from './registry-contract.ts'
import { replayContract } from './replay-contract.ts'
import { sessionsContract } from './sessions-contract.ts'
import { tokensContract } from './tokens-contract.ts'
import { upstreamLegsContract } from './upstream-legs-contract.ts'
import { userKeysContract } from './user-keys-contract.ts'

registryContract('memory', async () => ({ port: new InMemoryAgentRegistry() }))
handshakesContract('memory', async () => ({ port: new InMemorySessionStore() }))
grantsContract('memory', async () => ({ port: new InMemoryGrantStore() }))
tokensContract('memory', async () => ({ port: new InMemoryTokenStore() }))
providerTokensContract('memory', async () => ({ port: new InMemoryProviderTokenStore() }))
replayContract('memory', async () => ({ port: new InMemoryReplayStore() }))
consentsContract('memory', async () => ({ port: new InMemoryConsentStore() }))
nineStepContract('memory', async () => ({ port: new InMemoryNineStepStore() }))
sessionsContract('memory', async () => ({ port: new InMemoryNineStepSessionStore() }))
userKeysContract('memory', async () => ({ port: new InMemoryUserKeyStore() }))
preAuthorizationsContract('memory', async () => ({ port: new InMemoryPreAuthorizationStore() }))
upstreamLegsContract('memory', async () => ({ port: new InMemoryUpstreamLegStore() }))
