import assert from 'node:assert/strict'
import { createDidKey, type DidKey, NineStepAgent, signCredential } from '@sallyport/testing'
import { didOfKey, ok, type SignatureAlgorithm } from '@ath-protocol/types'
import {
  type AthConfig,
  type ConsentAnswer,
  type ConsentRequest,
  createAthHandlers,
  decideConsent,
  InMemoryNineStepStore,
  InMemoryPreAuthorizationStore,
  InMemoryReplayStore,
  InMemoryNineStepSessionStore,
  InMemoryUpstreamLegStore,
  InMemoryUserKeyStore,
  type NineStepConfig,
  type NineStepPorts,
} from '../src/index.ts'
import { createWorld, type SendOptions, toCall, type World } from './world.ts'

/** A world that also offers the nine-step handshake, a person with a registered key, and an agent that an operator approved. */
export interface NineStepWorld extends World {
  readonly nineStep: NineStepPorts
  readonly person: DidKey
  readonly agentKey: DidKey
  /** Questions that were brought to a person, newest last. */
  readonly asked: ConsentRequest[]
  readonly settled: ConsentRequest[]
  agent(changes?: Partial<ConstructorParameters<typeof NineStepAgent>[0]>): NineStepAgent
  credential(changes?: Partial<Parameters<typeof signCredential>[1]>): Promise<string>
  /** The person answers the newest question. */
  answer(answer?: Partial<ConsentAnswer>): ReturnType<typeof decideConsent>
  /** Steps 1 to 8 with a yes. */
  upToGranted(agent: NineStepAgent, scopes?: readonly string[]): Promise<void>
  approve(
    did: string,
    changes?: Partial<Parameters<World['ports']['registry']['insert']>[0]>,
  ): Promise<void>
}

export const defaults: NineStepConfig = {
  encryption: 'offered',
  confirmation: 'always',
  sessionLifetimeSeconds: 28_800,
  pinnedDids: [],
}

const twoSystems: AthConfig['providers'] = new Map([
  [
    'oa',
    {
      id: 'oa',
      displayName: 'Office approvals',
      scopes: [{ name: 'oa:read', risk: 'low' as const }, { name: 'oa:write' }],
      authMode: 'cookie' as const,
      consentPage: true,
      restrictions: { access_time: '9:00-18:00' },
    },
  ],
  [
    'crm',
    {
      id: 'crm',
      displayName: 'CRM',
      scopes: [{ name: 'write' }, { name: 'erase', risk: 'high' as const }],
      authMode: 'api_key' as const,
      consentPage: true,
    },
  ],
])

export async function createNineStepWorld(
  options: {
    readonly config?: Partial<AthConfig>
    readonly nineStep?: Partial<NineStepConfig>
    readonly agentAlg?: SignatureAlgorithm
    readonly dids?: NineStepPorts['dids']
  } = {},
): Promise<NineStepWorld> {
  const world = await createWorld({
    providers: twoSystems,
    ...options.config,
    nineStep: { ...defaults, ...options.nineStep },
  })
  // Ten in the morning: agents may only work while the office is open.
  world.clock.advance(36_000)
  const [handshakeKey, tokenKey, person, agentKey] = await Promise.all([
    createDidKey(),
    createDidKey(),
    createDidKey(),
    createDidKey(options.agentAlg),
  ])
  const asked: ConsentRequest[] = []
  const settled: ConsentRequest[] = []
  const nineStep: NineStepPorts = {
    serverDid: didOfKey(handshakeKey.publicKey),
    handshakes: new InMemoryNineStepStore(),
    sessions: new InMemoryNineStepSessionStore(),
    userKeys: new InMemoryUserKeyStore(),
    preAuthorizations: new InMemoryPreAuthorizationStore(),
    legs: new InMemoryUpstreamLegStore(),
    dids: options.dids ?? { fetch: async () => ok({}) },
    notifier: {
      ask: async (consent) => void asked.push(consent),
      settled: async (consent) => void settled.push(consent),
    },
    replay: new InMemoryReplayStore(),
    handshakeKey: { signer: handshakeKey.signer, publicKey: handshakeKey.publicKey },
    tokenKey: { signer: tokenKey.signer, publicKey: tokenKey.publicKey },
  }
  await nineStep.userKeys.insert({
    thumbprint: person.publicKey.thumbprint,
    userId: 'usr_wang',
    jwk: person.publicKey.jwk,
    label: 'laptop',
    createdAt: world.clock.now(),
  })
  const ports = { ...world.ports, nineStep }
  const handle = createAthHandlers(ports)
  const send = async (method: string, path: string, sent: SendOptions = {}) => {
    const answer = await handle(toCall(method, path, sent))
    assert.ok(answer, `no route for ${method} ${path}`)
    const isJson = String(answer.headers['content-type']).includes('json')
    return { ...answer, json: isJson ? JSON.parse(answer.body) : {} }
  }
  // One object with the world it extends: the desk reads from that what the person says.
  const added: Omit<NineStepWorld, Exclude<keyof World, 'ports' | 'send'>> = {
    ports,
    nineStep,
    person,
    agentKey,
    asked,
    settled,
    send,
    agent: (changes = {}) =>
      new NineStepAgent({
        key: agentKey,
        now: () => world.clock.now(),
        send: (method, path, { body, headers }) =>
          send(method, path, {
            ...(body === undefined ? {} : { body }),
            ...(headers === undefined ? {} : { headers }),
          }),
        ...changes,
      }),
    credential: (changes = {}) =>
      signCredential(person, {
        agent: agentKey,
        serverDid: nineStep.serverDid,
        scopes: ['oa:read', 'oa:write', 'crm:write'],
        now: world.clock.now(),
        ...changes,
      }),
    async answer(answer = {}) {
      const consent = asked.at(-1)
      assert.ok(consent, 'somebody was asked')
      const now = await ports.consents.find(consent.id)
      return decideConsent(ports, now ?? consent, {
        approved: true,
        userId: 'usr_wang',
        scopes: answer.approved === false ? [] : consent.offered,
        lifetimeSeconds: consent.longestSeconds,
        method: 'session',
        ...answer,
      })
    },
    async upToGranted(agent, scopes = ['oa:read', 'oa:write']) {
      assert.equal((await agent.greet()).status, 200)
      assert.equal((await agent.identify()).status, 200)
      const { status } = await agent.request(await nineStepWorld.credential(), scopes)
      assert.equal(status, 202)
      const answered = await nineStepWorld.answer()
      assert.ok(answered.ok, JSON.stringify(answered))
      assert.equal((await agent.poll()).status, 200)
    },
    async approve(did, changes = {}) {
      const now = world.clock.now()
      const inserted = await ports.registry.insert({
        clientId: `ath_${did.slice(-8)}`,
        agentId: did,
        name: 'AI Office Assistant',
        developer: { name: 'Blue Harbour', id: 'blue-harbour' },
        status: 'approved',
        requested: [],
        approvals: [
          { provider_id: 'oa', approved_scopes: ['oa:read', 'oa:write'], denied_scopes: [] },
          { provider_id: 'crm', approved_scopes: ['write', 'erase'], denied_scopes: [] },
        ],
        approvalExpiresAt: now + 90 * 86_400,
        secretHash: 'none',
        registeredAt: now,
        decidedAt: now,
        decidedBy: 'operator:chen',
        ...changes,
      })
      assert.ok(inserted)
    },
  }
  const nineStepWorld: NineStepWorld = Object.assign(world, added)
  await nineStepWorld.approve(agentKey.did)
  return nineStepWorld
}
