import {
  InMemoryAgentRegistry,
  InMemoryGrantStore,
  InMemoryProviderTokenStore,
  InMemoryReplayStore,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '@ath-protocol/server'
import { grantsContract } from './grants-contract.ts'
import { handshakesContract } from './handshakes-contract.ts'
import { providerTokensContract } from './provider-tokens-contract.ts'
import { registryContract } from './registry-contract.ts'
import { replayContract } from './replay-contract.ts'
import { tokensContract } from './tokens-contract.ts'

registryContract('memory', async () => ({ port: new InMemoryAgentRegistry() }))
handshakesContract('memory', async () => ({ port: new InMemorySessionStore() }))
grantsContract('memory', async () => ({ port: new InMemoryGrantStore() }))
tokensContract('memory', async () => ({ port: new InMemoryTokenStore() }))
providerTokensContract('memory', async () => ({ port: new InMemoryProviderTokenStore() }))
replayContract('memory', async () => ({ port: new InMemoryReplayStore() }))
