import type { TestContext } from 'node:test'
import {
  createStrictGateway,
  createTestAgent,
  type StrictGateway,
  type StrictGatewayOptions,
  type TestAgent,
} from '@sallyport/testing'
import {
  type AgentOptions,
  type AthClient,
  type AtGateway,
  type AtService,
  createAthClient,
} from '@ath-protocol/client'

export interface Bench {
  readonly agent: TestAgent
  readonly gateway: StrictGateway
  readonly key: { readonly privateKey: CryptoKey; readonly keyId: string }
  client(options?: Partial<AgentOptions & AtGateway>): AthClient
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
export async function setUpSession(
  test: TestContext,
  changes: Partial<AgentOptions & AtGateway> = {},
) {
  const bench = await setUp(test)
  const client = bench.client(changes)
  await client.register({ providers: oa, developer })
  const handshake = await client.authorize({ provider: 'oa', scopes: ['oa:read'] })
  bench.gateway.userAnswer = ['oa:read']
  const session = await client.waitForConsent(handshake, { pollSeconds: 0.01 })
  return { ...bench, athClient: client, handshake, session }
}

export const shop = {
  appId: 'com.acme.shop',
  aliases: ['shop', 'default'],
  scopes: ['products:read', 'orders:write'],
}

/** An agent and a strict service that speaks ATH itself. */
export async function setUpShop(
  test: TestContext,
  options: Omit<StrictGatewayOptions, 'agent' | 'offers'> = {},
) {
  const { appId, aliases } = shop
  const native = { appId, aliases, ...options.native }
  const bench = await setUp(test, { ...options, native, offers: { [appId]: shop.scopes } })
  const { gateway, agent, key } = bench
  const client = (changes: Partial<AgentOptions & AtService> = {}) =>
    createAthClient({ service: gateway.url, agentId: agent.agentId, key, ...changes })
  return { shop: gateway, agent, key, client }
}

/** A client that is registered at the shop and whose user has said yes to all. */
export async function setUpShopSession(
  test: TestContext,
  changes: Partial<AgentOptions & AtService> = {},
  options: Parameters<typeof setUpShop>[1] = {},
) {
  const bench = await setUpShop(test, options)
  const athClient = bench.client(changes)
  await athClient.register({ scopes: shop.scopes, developer })
  bench.shop.userAnswer = shop.scopes
  const session = await athClient.token(await athClient.authorize({ scopes: shop.scopes }))
  return { ...bench, athClient, session }
}
