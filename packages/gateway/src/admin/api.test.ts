import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AthConfig,
  type AuditEvent,
  InMemoryAgentRegistry,
  InMemoryGrantStore,
  InMemoryProviderTokenStore,
  InMemoryTokenStore,
  type Registration,
} from '@ath-protocol/server'
import { ok } from '@ath-protocol/types'
import { createVirtualClock } from '@sallyport/testing'
import { createAdminApi } from './api.ts'

const agentId = 'https://a.example/.well-known/agent.json'
const agent: Registration = {
  clientId: 'ath_1',
  agentId,
  name: 'Office',
  developer: { name: 'Dev', id: 'dev' },
  status: 'pending',
  requested: [
    { providerId: 'oa', scopes: ['oa:read', 'oa:write', 'oa:gone'] },
    { providerId: 'gone', scopes: ['x'] },
  ],
  approvals: [],
  approvalExpiresAt: 0,
  secretHash: 'do-not-tell',
  registeredAt: 1,
  decidedAt: 1,
  decidedBy: 'default',
}

const day = 86_400

async function open(registration: Partial<Registration> = {}, audit: { broken?: boolean } = {}) {
  const clock = createVirtualClock()
  const registry = new InMemoryAgentRegistry()
  const grants = new InMemoryGrantStore()
  const tokens = new InMemoryTokenStore()
  await registry.insert({ ...agent, ...registration })
  const told: string[] = []
  const events: AuditEvent[] = []
  const api = createAdminApi({
    clock,
    registry,
    grants,
    tokens,
    providerTokens: new InMemoryProviderTokenStore(),
    oauth: {
      authorizationUrl: () => assert.fail('nobody is sent upstream here'),
      complete: () => assert.fail('nobody comes back here'),
      refresh: () => assert.fail('nothing is refreshed here'),
      revoke: async () => ok(undefined),
    },
    live: {
      agentChanged: (id) => told.push(`agent ${id}`),
      grantRevoked: (id) => told.push(`grant ${id}`),
      tokenRevoked: (hash) => told.push(`token ${hash}`),
    },
    audit: {
      record(event) {
        if (audit.broken === true) throw new Error('disk full')
        return `evt_${events.push(event)}`
      },
      settled: async () => {},
    },
    report: (cause) => assert.fail(String(cause)),
    config: {
      baseUrl: 'https://gw.example',
      approvalLifetimeSeconds: 90 * day,
      providers: new Map([
        ['oa', { scopes: [{ name: 'oa:read' }, { name: 'oa:write' }, { name: 'oa:admin' }] }],
      ]),
    } as unknown as AthConfig,
    gateway: { mode: 'dev', startedAt: clock.now() },
  })
  const call = async (method: string, target: string, body?: object, operator = 'chen') => {
    const [path = '', query] = target.split('?')
    const answer = await api({
      method,
      path,
      query: new URLSearchParams(query),
      headers: { 'x-operator': operator },
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      ip: 'local',
    })
    return { status: answer.status, body: JSON.parse(answer.body), text: answer.body }
  }
  const grant = async (id: string, scopes: readonly string[]) => {
    const common = { clientId: 'ath_1', agentId, userId: 'usr_1', providerId: 'oa', scopes }
    await grants.insert({
      ...common,
      id,
      userSource: 'login',
      createdAt: clock.now(),
      expiresAt: clock.now() + 3600,
    })
    await tokens.insert({
      ...common,
      hash: `hash_${id}`,
      grantId: id,
      issuedAt: clock.now(),
      expiresAt: clock.now() + 3600,
    })
    return async () => (await tokens.find(`hash_${id}`))?.revokedAt === undefined
  }
  return { call, grant, clock, registry, told, events }
}

test('[R41] [R43] approving gives what was requested and exists here, and records who decided', async () => {
  const { call, registry, told, events, clock } = await open()
  const { status, body } = await call('POST', '/agents/ath_1/approve', {})
  assert.equal(status, 200)
  assert.equal(body.status, 'approved')
  assert.deepEqual(body.approved_providers, [
    {
      provider_id: 'oa',
      approved_scopes: ['oa:read', 'oa:write'],
      denied_scopes: ['oa:gone'],
      denial_reason: 'not allowed by the operator',
    },
    {
      provider_id: 'gone',
      approved_scopes: [],
      denied_scopes: ['x'],
      denial_reason: 'there is no such provider here',
    },
  ])
  const kept = await registry.findByClientId('ath_1')
  assert.equal(kept?.approvalExpiresAt, clock.now() + 90 * day)
  assert.equal(kept?.decidedBy, 'operator:chen')
  assert.deepEqual(told, ['agent ath_1'])
  assert.deepEqual(
    events.map(({ event, outcome, decided_by, effective_scopes, denied_scopes }) => ({
      event,
      outcome,
      decided_by,
      effective_scopes,
      denied_scopes,
    })),
    [
      {
        event: 'agent_decided',
        outcome: 'allowed',
        decided_by: 'operator:chen',
        effective_scopes: ['oa/oa:read', 'oa/oa:write'],
        denied_scopes: ['oa/oa:gone', 'gone/x'],
      },
    ],
  )
})

test('[R43] an operator approves a part, for a time of their own', async () => {
  const { call, clock } = await open()
  const { body } = await call('POST', '/agents/ath_1/approve', {
    scopes: ['oa:read'],
    lifetime_seconds: 3600,
  })
  assert.deepEqual(body.approved_providers[0].approved_scopes, ['oa:read'])
  assert.equal(Date.parse(body.approval_expires) / 1000, clock.now() + 3600)
})

test('an approval is never wider than the request or the provider', async () => {
  const { call, registry, events } = await open()
  const wider = await call('POST', '/agents/ath_1/approve', { scopes: ['oa:read', 'oa:admin'] })
  assert.equal(wider.status, 400)
  assert.match(wider.body.problem, /did not request `oa:admin`/)
  const gone = await call('POST', '/agents/ath_1/approve', { scopes: ['oa:gone'] })
  assert.equal(gone.status, 409)
  const slip = await call('POST', '/agents/ath_1/approve', { scopes: ['oa:raed'] })
  assert.equal(slip.body.fix, 'did you mean "oa:read"?')
  assert.equal((await registry.findByClientId('ath_1'))?.status, 'pending')
  assert.deepEqual(events, [])
})

test('an approval that cannot be recorded is not made', async () => {
  const { call, registry } = await open({}, { broken: true })
  await assert.rejects(call('POST', '/agents/ath_1/approve', {}), /disk full/)
  assert.equal((await registry.findByClientId('ath_1'))?.status, 'pending')
})

test('[R49] a suspension stops the agent even when it cannot be recorded', async () => {
  const { call, registry, told } = await open({ status: 'approved' }, { broken: true })
  await assert.rejects(call('POST', '/agents/ath_1/suspend', {}), /disk full/)
  assert.equal((await registry.findByClientId('ath_1'))?.status, 'suspended')
  assert.deepEqual(told, ['agent ath_1'])
})

test('[R49] suspending tells everybody at once, keeps the grants, and can be taken back', async () => {
  const { call, grant, told, events } = await open()
  await call('POST', '/agents/ath_1/approve', {})
  const isLive = await grant('gnt_1', ['oa:read'])
  const suspended = await call('POST', '/agents/ath_1/suspend', { because: 'odd calls' })
  assert.equal(suspended.body.status, 'suspended')
  assert.equal(await isLive(), true)
  assert.equal((await call('POST', '/agents/ath_1/suspend', {})).status, 409)
  const resumed = await call('POST', '/agents/ath_1/resume', {})
  assert.equal(resumed.body.status, 'approved')
  assert.equal((await call('POST', '/agents/ath_1/resume', {})).status, 409)
  assert.deepEqual(told, ['agent ath_1', 'agent ath_1', 'agent ath_1'])
  assert.deepEqual(
    events.map(({ event }) => event),
    ['agent_decided', 'agent_suspended', 'agent_decided'],
  )
  assert.deepEqual(events[1]?.evidence, { because: 'odd calls' })
})

test('resuming an agent that never was approved makes it wait again', async () => {
  const { call } = await open({ status: 'suspended' })
  assert.equal((await call('POST', '/agents/ath_1/resume', {})).body.status, 'pending')
})

test('[R49] denying ends every grant of the agent', async () => {
  const { call, grant, told } = await open()
  await call('POST', '/agents/ath_1/approve', {})
  const isLive = await grant('gnt_1', ['oa:read'])
  const { body } = await call('POST', '/agents/ath_1/deny', { because: 'key leaked' })
  assert.equal(body.status, 'denied')
  assert.equal(body.approved_providers[0].denial_reason, 'key leaked')
  assert.equal(await isLive(), false)
  assert.ok(told.includes('grant gnt_1'))
})

test('narrowing an approval ends the grants that reach beyond it, and no others', async () => {
  const { call, grant, events } = await open()
  await call('POST', '/agents/ath_1/approve', {})
  const narrow = await grant('gnt_1', ['oa:read'])
  const wide = await grant('gnt_2', ['oa:read', 'oa:write'])
  await call('POST', '/agents/ath_1/approve', { scopes: ['oa:read'] })
  assert.equal(await narrow(), true)
  assert.equal(await wide(), false)
  const ended = events.filter(({ event }) => event === 'token_revoked')
  assert.deepEqual(
    ended.map(({ grant_id, decided_by }) => [grant_id, decided_by]),
    [['gnt_2', 'operator:chen']],
  )
})

test('[R50] an approval that ran out is shown as expired', async () => {
  const { call, clock } = await open()
  await call('POST', '/agents/ath_1/approve', { lifetime_seconds: 60 })
  clock.advance(61)
  const { body } = await call('GET', '/agents?status=expired')
  assert.deepEqual(
    body.agents.map(({ client_id }: { client_id: string }) => client_id),
    ['ath_1'],
  )
})

test('[R110] an operator ends a grant: the token stops and the record says who did it', async () => {
  const { call, grant, told, events } = await open({ status: 'approved' })
  const isLive = await grant('gnt_1', ['oa:read'])
  assert.equal((await call('GET', '/grants?client=ath_1')).body.grants.length, 1)
  const { status, body } = await call('POST', '/grants/gnt_1/revoke', {})
  assert.equal(status, 200)
  assert.ok(body.revoked_at)
  assert.equal(await isLive(), false)
  assert.deepEqual(told, ['grant gnt_1'])
  assert.deepEqual(
    events.map(({ event, decided_by, grant_id }) => ({ event, decided_by, grant_id })),
    [{ event: 'token_revoked', decided_by: 'operator:chen', grant_id: 'gnt_1' }],
  )
  assert.equal((await call('POST', '/grants/gnt_1/revoke', {})).status, 409)
  assert.equal((await call('POST', '/grants/gnt_2/revoke', {})).status, 404)
  assert.equal((await call('GET', '/grants')).body.grants.length, 0)
  assert.equal((await call('GET', '/grants?all=true')).body.grants.length, 1)
})

test('an agent is found by either of its ids, and a slip is told', async () => {
  const { call } = await open()
  assert.equal((await call('GET', '/agents/ath_1')).body.agent_id, agentId)
  const byId = await call('GET', `/agents/${encodeURIComponent(agentId)}`)
  assert.equal(byId.body.client_id, 'ath_1')
  const unknown = await call('GET', '/agents/ath_2')
  assert.equal(unknown.status, 404)
  assert.equal(unknown.body.fix, 'did you mean "ath_1"?')
})

test('no answer holds a secret, not even its hash', async () => {
  const { call } = await open()
  for (const target of ['/agents', '/agents/ath_1', '/status'])
    assert.doesNotMatch((await call('GET', target)).text, /do-not-tell|secret/i)
})

test('the status counts what there is', async () => {
  const { call, grant } = await open({ status: 'approved', approvalExpiresAt: 1e12 })
  await grant('gnt_1', ['oa:read'])
  const { body } = await call('GET', '/status')
  assert.equal(body.agents.approved, 1)
  assert.equal(body.live_grants, 1)
  assert.deepEqual(body.providers, ['oa'])
})

test('an operator whose name would not be safe in a record is called unknown', async () => {
  const { call, registry } = await open()
  await call('POST', '/agents/ath_1/approve', {}, 'a b\u001b[31m')
  assert.equal((await registry.findByClientId('ath_1'))?.decidedBy, 'operator:unknown')
})

test('what the API does not know, it refuses', async () => {
  const { call, registry } = await open()
  for (const [method, target] of [
    ['GET', '/'],
    ['GET', '/agent'],
    ['DELETE', '/agents/ath_1'],
    ['POST', '/agents/ath_1'],
    ['POST', '/agents/ath_1/aprove'],
    ['POST', '/agents/ath_1/approve/x'],
    ['GET', '/agents/%'],
    ['GET', '/agents//approve'],
  ] as const)
    assert.equal((await call(method, target)).status, 404, `${method} ${target}`)
  for (const body of [
    { scope: ['oa:read'] },
    { scopes: [] },
    { lifetime_seconds: 0 },
    { scopes: 'x' },
  ])
    assert.equal((await call('POST', '/agents/ath_1/approve', body)).status, 400)
  assert.equal((await registry.findByClientId('ath_1'))?.status, 'pending')
})
