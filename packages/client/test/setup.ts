import type { TestContext } from 'node:test'
import {
  createStrictGateway,
  createTestAgent,
  type StrictGateway,
  type StrictGatewayOptions,
  type TestAgent,
} from '@sallyport/testing'
import { type AthClient, type AthClientOptions, createAthClient } from '@ath-protocol/client'

export interface Bench {
  readonly agent: TestAgent
  readonly gateway: StrictGateway
  readonly key: { readonly privateKey: CryptoKey; readonly keyId: string }
  client(options?: Partial<AthClientOptions>): AthClient
}

/** An agent and a strict gateway on a free port; both end with the test. */
export async function setUp(
  test: TestContext,
  options: Omit<StrictGatewayOptions, 'agent'> = {},
): Promise<Bench> {
  const agent = await createTestAgent()
  const gateway = await createStrictGateway({ agent, ...options })
  test.after(() => gateway.close())
  const key = { privateKey: agent.key.privateKey, keyId: agent.key.kid }
  return {
    agent,
    gateway,
    key,
    client: (changes = {}) =>
      createAthClient({ gateway: gateway.url, agentId: agent.agentId, key, ...changes }),
  }
}

export const developer = { name: 'Example Agents Ltd', id: 'example-agents' }
export const oa = [{ provider_id: 'oa', scopes: ['oa:read', 'oa:write'] }]

/** A client that is registered and whose user has said yes to `oa:read`. */
export async function setUpSession(test: TestContext, changes: Partial<AthClientOptions> = {}) {
  const bench = await setUp(test)
  const client = bench.client(changes)
  await client.register({ providers: oa, developer })
  const handshake = await client.authorize({ provider: 'oa', scopes: ['oa:read'] })
  bench.gateway.userAnswer = ['oa:read']
  const session = await client.waitForConsent(handshake, { pollSeconds: 0.01 })
  return { ...bench, athClient: client, handshake, session }
}
