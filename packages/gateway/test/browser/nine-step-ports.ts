import {
  InMemoryNineStepSessionStore,
  InMemoryNineStepStore,
  InMemoryPreAuthorizationStore,
  InMemoryReplayStore,
  InMemoryUpstreamLegStore,
  InMemoryUserKeyStore,
  type NineStepPorts,
} from '@ath-protocol/server'
import { createDidKey } from '@sallyport/testing'
import { ok } from '@ath-protocol/types'

/** What the nine-step handshake stands on, in memory; real keys. */
export async function createNineStepPorts(): Promise<NineStepPorts> {
  const [handshakeKey, tokenKey] = await Promise.all([createDidKey(), createDidKey()])
  return {
    serverDid: handshakeKey.did,
    handshakes: new InMemoryNineStepStore(),
    sessions: new InMemoryNineStepSessionStore(),
    userKeys: new InMemoryUserKeyStore(),
    preAuthorizations: new InMemoryPreAuthorizationStore(),
    legs: new InMemoryUpstreamLegStore(),
    dids: { fetch: async () => ok({}) },
    notifier: { ask: async () => {}, settled: async () => {} },
    replay: new InMemoryReplayStore(),
    handshakeKey,
    tokenKey,
  }
}
