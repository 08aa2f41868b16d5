import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InMemoryAgentRegistry } from '../memory/agent-registry.ts'
import { InMemoryGrantStore } from '../memory/grant-store.ts'
import { InMemoryTokenStore } from '../memory/token-store.ts'
import { hashSecret } from '../secret/hash.ts'
import { createVirtualClock } from '@sallyport/testing'
import { createLiveSessions } from './live-sessions.ts'
import { createLiveTokens, type LiveTokensOptions } from './live-tokens.ts'
import { sessionTokenReader } from './session-token.ts'

async function open(options: Partial<LiveTokensOptions> = {}) {
  const clock = createVirtualClock(1000)
  const tokens = new InMemoryTokenStore()
  const grants = new InMemoryGrantStore()
  const registry = new InMemoryAgentRegistry()
  const owner = { clientId: 'c', agentId: 'https://a.example/x', userId: 'u', providerId: 'oa' }
  await registry.insert({
    clientId: 'c',
    agentId: owner.agentId,
    name: 'A',
    developer: { name: 'd', id: 'd' },
    status: 'approved',
    requested: [],
    approvals: [{ provider_id: 'oa', approved_scopes: ['a', 'b'], denied_scopes: [] }],
    approvalExpiresAt: 9000,
    secretHash: '',
    registeredAt: 0,
    decidedAt: 0,
    decidedBy: 'default',
  })
  await grants.insert({
    ...owner,
    id: 'g',
    userSource: 'login',
    scopes: [],
    createdAt: 0,
    expiresAt: 9000,
  })
  const add = (text: string, scopes: string[] = ['a', 'b']) =>
    tokens.insert({
      ...owner,
      hash: hashSecret(text),
      grantId: 'g',
      scopes,
      issuedAt: 0,
      expiresAt: 2000,
    })
  let changes = 0
  const live = createLiveTokens({
    tokens,
    grants,
    registry,
    sessions: createLiveSessions(undefined),
    readSessionToken: sessionTokenReader('https://gw.example', undefined),
    limitsOf: () => undefined,
    clock,
    changed: () => {
      changes++
    },
    ...options,
  })
  const load = async (text: string) => {
    const result = await live.load({ text: text, kind: 'opaque' }, `Bearer ${text}`, 'oa')
    assert.ok(result.ok)
    return result.value
  }
  return { live, tokens, grants, registry, add, load, changes: () => changes }
}

test('tokens with the same scopes share one set, and one agent and grant are one object', async () => {
  const { add, load } = await open()
  await add('one', ['a', 'b'])
  await add('two', ['b', 'a'])
  const [one, two] = [await load('one'), await load('two')]
  assert.equal(one.scopes, two.scopes)
  assert.equal(one.agent, two.agent)
  assert.equal(one.grant, two.grant)
})

test('an unknown token is looked up each time, so that one issued later works at once', async () => {
  const { live, add } = await open()
  const before = await live.load({ text: 'late', kind: 'opaque' }, 'Bearer late', 'oa')
  assert.equal(!before.ok && before.error.reason, 'token_unknown')
  await add('late')
  assert.equal((await live.load({ text: 'late', kind: 'opaque' }, 'Bearer late', 'oa')).ok, true)
})

test('[R107] a revocation that overtakes a look-up is not forgotten by it', async () => {
  let reads = 0
  let release: () => void = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const {
    live,
    add,
    tokens: inner,
  } = await open({
    tokens: {
      async find(hash) {
        const record = await inner.find(hash)
        if (++reads === 1) await gate
        return record
      },
    },
  })
  await add('t')
  const loading = live.load({ text: 't', kind: 'opaque' }, 'Bearer t', 'oa')
  await inner.revoke(hashSecret('t'), 1000)
  live.tokenRevoked(hashSecret('t'))
  release()
  const result = await loading
  assert.equal(result.ok && result.value.revokedAt, 1000)
  assert.equal(reads, 2)
})

test('memory is bounded: the oldest token makes room, but never one with a call in flight', async () => {
  const { live, add, load } = await open({ capacity: 2 })
  for (const text of ['a', 'b', 'c', 'd']) await add(text)
  const held = await load('a')
  held.uses = 1
  await load('b')
  await load('c')
  await load('d')
  assert.equal(live.findByHeader('Bearer a', 'oa'), held)
  assert.equal(live.findByHeader('Bearer b', 'oa'), undefined)
  live.tokenRevoked(held.hash)
  assert.equal(held.revokedAt, 1000)
})

test('look-ups are bounded: one more is refused as unavailable, and one token is looked up once', async () => {
  const { live, add, tokens } = await open({ maxLoads: 1 })
  await add('a')
  let reads = 0
  const find = tokens.find.bind(tokens)
  tokens.find = (hash) => {
    reads++
    return find(hash)
  }
  const [first, same, other] = await Promise.all([
    live.load({ text: 'a', kind: 'opaque' }, 'Bearer a', 'oa'),
    live.load({ text: 'a', kind: 'opaque' }, 'Bearer a', 'oa'),
    live.load({ text: 'b', kind: 'opaque' }, 'Bearer b', 'oa'),
  ])
  assert.ok(first.ok && same.ok && first.value === same.value)
  assert.equal(!other.ok && other.error.reason, 'dependency_down')
  assert.equal(reads, 1)
})

test('an agent that changed is not believed until it was read again', async () => {
  const { live, add, load, registry } = await open()
  await add('a')
  const token = await load('a')
  assert.equal(live.findByHeader('Bearer a', 'oa'), token)
  await registry.update('c', { status: 'suspended' })
  live.agentChanged('c')
  assert.equal(live.findByHeader('Bearer a', 'oa'), undefined)
  assert.equal((await load('a')).agent.status, 'suspended')
})

test('when an agent that changed cannot be read, its open calls count as denied', async () => {
  const { live, add, load, registry, changes } = await open()
  await add('a')
  const token = await load('a')
  registry.findByClientId = () => Promise.reject(new Error('disk'))
  const before = changes()
  live.agentChanged('c')
  while (changes() === before) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(token.agent.status, 'denied')
  const next = await live.load({ text: 'a', kind: 'opaque' }, 'Bearer a', 'oa')
  assert.equal(!next.ok && next.error.reason, 'dependency_down')
})
