import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AthConfig,
  type AuditEvent,
  InMemoryAgentRegistry,
  InMemoryGrantStore,
  InMemoryNineStepSessionStore,
  InMemoryProviderTokenStore,
  InMemoryTokenStore,
  type NineStepPorts,
  type Registration,
} from '@ath-protocol/server'
import { ok } from '@ath-protocol/types'
import { createDidKey, createVirtualClock } from '@sallyport/testing'
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
  const sessions = new InMemoryNineStepSessionStore()
  await registry.insert({ ...agent, ...registration })
  const told: string[] = []
  let drawn = 0
  const events: AuditEvent[] = []
  const api = createAdminApi({
    clock,
    random: { token: () => `random${++drawn}` },
    nineStep: { sessions } as unknown as NineStepPorts,
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
  return { call, grant, grants, sessions, clock, registry, told, events }
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

test('[U4] [U5] an operator lets a DID in with its key: registered, approved, recorded, without a secret', async () => {
  const { call, registry, events, clock } = await open()
  const key = await createDidKey()
  const { status, body, text } = await call('POST', '/agents', {
    did: 'did:ath:ai_office_assistant_001',
    key: key.pem,
    name: 'AI Office Assistant',
    developer: 'Corp',
    allow: { oa: ['oa:read'] },
    lifetime_seconds: 3600,
  })
  assert.equal(status, 200, text)
  assert.equal(body.agent_id, 'did:ath:ai_office_assistant_001')
  assert.equal(body.key_thumbprint, key.publicKey.thumbprint)
  assert.equal(body.status, 'approved')
  const kept = await registry.findByAgentId('did:ath:ai_office_assistant_001')
  assert.equal(kept?.keyThumbprint, key.publicKey.thumbprint)
  assert.equal(kept?.approvalExpiresAt, clock.now() + 3600)
  assert.deepEqual(kept?.approvals, [
    { provider_id: 'oa', approved_scopes: ['oa:read'], denied_scopes: [] },
  ])
  assert.deepEqual(kept?.developer, { name: 'Corp', id: 'Corp' })
  assert.equal(kept?.decidedBy, 'operator:chen')
  assert.deepEqual(
    events.map(({ event, client_did, effective_scopes }) => [event, client_did, effective_scopes]),
    [['agent_decided', 'did:ath:ai_office_assistant_001', ['oa/oa:read']]],
  )
  const twice = await call('POST', '/agents', {
    did: 'did:ath:ai_office_assistant_001',
    key: key.pem,
    name: 'Again',
    allow: { oa: ['oa:read'] },
  })
  assert.equal(twice.status, 409)
  assert.match(twice.body.fix, /agents show did:ath:ai_office_assistant_001/)
})

test('[U4] a DID that is its key needs no other word for it, and takes none of another key', async () => {
  const { call, registry } = await open()
  const [own, other] = [await createDidKey(), await createDidKey('EdDSA')]
  const wish = { name: 'A', allow: { oa: ['oa:read'] } }
  const wrong = await call('POST', '/agents', { ...wish, did: own.did, key: other.pem })
  assert.equal(wrong.status, 400)
  assert.match(wrong.body.problem, /of another key/)
  assert.equal((await call('POST', '/agents', { ...wish, did: own.did })).status, 200)
  const kept = await registry.findByAgentId(own.did)
  assert.equal(kept?.keyThumbprint, own.publicKey.thumbprint)
  const web = await call('POST', '/agents', { ...wish, did: 'did:web:a.example' })
  assert.equal(web.status, 200)
  assert.equal(web.body.key_thumbprint, undefined)
})

test('[U4] what cannot be let in by DID is refused with what to write instead', async () => {
  const { call, registry, events } = await open()
  const { pem } = await createDidKey()
  const good = { did: 'did:ath:o', key: pem, name: 'O', allow: { oa: ['oa:read'] } }
  for (const [change, problem] of [
    [{ key: undefined }, /proves nothing without a key/],
    [{ key: 'no key' }, /is not a public key/],
    [{ did: 'https://a.example/x' }, /is not a DID/],
    [{ did: 'did:ethr:0x1' }, /is not a DID/],
    [{ did: 'did:key:zzzz' }, /is not a DID/],
    [{ allow: { ao: ['oa:read'] } }, /no provider `ao`/],
    [{ allow: { oa: ['oa:raed'] } }, /no scope `oa:raed`/],
    [{ allow: {} }, /allow: names no provider/],
    [{ allow: { oa: [] } }, /malformed: allow\.oa/],
    [{ name: 'A\nB' }, /malformed: name/],
    [{ name: undefined }, /malformed: name/],
    [{ secret: 'x' }, /malformed/],
  ] as const) {
    const answer = await call('POST', '/agents', { ...good, ...change })
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.body.problem, problem)
  }
  assert.equal((await registry.list()).length, 1)
  assert.deepEqual(events, [])
  const { call: broken, registry: untouched } = await open({}, { broken: true })
  await assert.rejects(broken('POST', '/agents', good))
  assert.equal((await untouched.list()).length, 1)
})

test('[U9] [R107] an operator sees sessions without their keys, and ends one with all of its grants', async () => {
  const { call, grant, grants, sessions, clock, events, told } = await open()
  const lives = [await grant('gnt_1', ['oa:read']), await grant('gnt_2', ['oa:write'])]
  await sessions.insert({
    id: 'ath_ses_1',
    handshakeId: 'ath_hs_1',
    clientId: 'ath_1',
    agentId,
    clientDid: 'did:ath:office',
    clientKey: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    thumbprint: 't',
    userId: 'usr_1',
    grants: [
      { grantId: 'gnt_1', providerId: 'oa' },
      { grantId: 'gnt_2', providerId: 'crm' },
    ],
    credentialId: 'c',
    keys: { keyC2s: 'do-not-tell', keyS2c: 'a', ivC2s: 'b', ivS2c: 'c', exporter: 'd' },
    createdAt: clock.now(),
    expiresAt: clock.now() + 3600,
  })
  const listed = await call('GET', '/sessions?user=usr_1')
  assert.deepEqual(
    listed.body.sessions.map((one: { session_id: string; encrypted: boolean }) => [
      one.session_id,
      one.encrypted,
    ]),
    [['ath_ses_1', true]],
  )
  assert.doesNotMatch(listed.text, /do-not-tell/)
  assert.deepEqual((await call('GET', '/sessions?client=other')).body.sessions, [])
  const ended = await call('POST', '/sessions/ath_ses_1/end', {})
  assert.equal(ended.status, 200, ended.text)
  assert.ok(ended.body.ended_at)
  for (const isLive of lives) assert.equal(await isLive(), false)
  assert.deepEqual(told, ['grant gnt_1', 'grant gnt_2'])
  assert.ok((await grants.find('gnt_2'))?.revokedAt)
  const last = events.at(-1)
  assert.deepEqual([last?.event, last?.decided_by], ['session_ended', 'operator:chen'])
  assert.deepEqual((await call('GET', '/sessions')).body.sessions, [])
  assert.equal((await call('GET', '/sessions?all=true')).body.sessions.length, 1)
  assert.equal((await call('POST', '/sessions/ath_ses_1/end', {})).status, 409)
  assert.equal((await call('POST', '/sessions/ath_ses_2/end', {})).status, 404)
})
