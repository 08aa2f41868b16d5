import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AthError,
  type ConnectEvent,
  type ConnectSettings,
  connect,
  type PendingHandshake,
} from '@ath-protocol/client'
import type { TestContext } from 'node:test'
import { developer, setUp } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

const offers = { oa: ['oa:read', 'oa:write', 'shared'], crm: ['crm:read', 'shared'] }

async function prepare(t: TestContext) {
  const { gateway, agent, key } = await setUp(t, { offers })
  const events: ConnectEvent[] = []
  const run = (changes: Partial<ConnectSettings> = {}) =>
    connect({
      gateway: gateway.url,
      agent: { id: agent.agentId, key, developer },
      scopes: ['oa:read', 'crm:read'],
      why: 'query approvals',
      pollSeconds: 0.01,
      onConsent: (asked) => {
        gateway.userAnswer = asked.scopes
      },
      onProgress: (event) => events.push(event),
      ...changes,
    })
  return { gateway, agent, events, run }
}

test('one call does it all, for several providers, and one fetch serves them', async (t) => {
  const { gateway, run, events } = await prepare(t)
  const ath = await run()
  assert.deepEqual(
    ath.sessions.map(({ providerId, scopes }) => [providerId, scopes]),
    [
      ['oa', ['oa:read']],
      ['crm', ['crm:read']],
    ],
  )
  assert.deepEqual(
    events.map(({ step }) => step).filter((step) => step !== 'waiting'),
    ['discovered', 'registered', 'asked', 'granted', 'asked', 'granted'],
  )
  assert.equal(
    gateway.seen.find(({ step }) => step === 'register')?.body['purpose'],
    'query approvals',
  )
  gateway.upstream = (request, response) => response.end(`saw ${request.url}`)
  assert.equal(await (await ath.fetch('/ath/proxy/oa/list?a=1')).text(), 'saw /list?a=1')
  assert.equal(await (await ath.fetch(`${gateway.url}/ath/proxy/crm/x`)).text(), 'saw /x')
  assert.equal(await (await ath.session('crm').fetch('/y')).text(), 'saw /y')
  await assert.rejects(ath.fetch('/ath/proxy/finance/x'), code('CREDENTIALS_MISSING'))
  await assert.rejects(ath.fetch('/x'), code('CREDENTIALS_MISSING'))
  await ath.revoke()
  assert.equal((await ath.fetch('/ath/proxy/oa/list')).status, 401)
  assert.deepEqual(gateway.faults, [])
})

test('[R44] what the service refused is reported and left out of what the user is asked', async (t) => {
  const { gateway, run, events } = await prepare(t)
  gateway.approvals = {
    oa: { approved: ['oa:read'], denied: ['oa:write'], reason: 'no writing' },
  }
  const asked: PendingHandshake[] = []
  await run({
    scopes: ['oa:read', 'oa:write'],
    onConsent: (handshake) => {
      asked.push(handshake)
      gateway.userAnswer = handshake.scopes
    },
  })
  assert.deepEqual(asked[0]?.scopes, ['oa:read'])
  assert.deepEqual(
    events.find(({ step }) => step === 'narrowed'),
    { step: 'narrowed', providerId: 'oa', denied: ['oa:write'], reason: 'no writing' },
  )
  gateway.approvals = { oa: { approved: [], denied: ['oa:read'] } }
  await assert.rejects(run({ scopes: ['oa:read'] }), code('SCOPE_NOT_APPROVED'))
})

test('an agent that is held or refused gets its credentials and an error', async (t) => {
  for (const status of ['pending', 'denied'] as const) {
    const { gateway, run, events } = await prepare(t)
    gateway.agentStatus = status
    await assert.rejects(run(), code('AGENT_UNAPPROVED'))
    const registered = events.find((event) => event.step === 'registered')
    assert.equal(registered?.registration.client_secret, gateway.clientSecret)
  }
})

test('with credentials it does not register again; a gateway without agent status is asked all the same', async (t) => {
  const { gateway, run } = await prepare(t)
  const { clientId, clientSecret } = gateway
  gateway.next('status', (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end('{"code":"UNAUTHORIZED","message":"log in"}')
  })
  const ath = await run({ credentials: { clientId, clientSecret }, scopes: ['crm:read'] })
  assert.equal(
    gateway.seen.some(({ step }) => step === 'register'),
    false,
  )
  assert.equal(await (await ath.fetch('/only')).text(), 'upstream')
})

test('scopes that nobody or several offer are named, before anything is registered', async (t) => {
  const { gateway, run } = await prepare(t)
  for (const [scopes, providers, pattern] of [
    [['nobody'], undefined, /nobody offers/],
    [['shared'], undefined, /several providers/],
    [{ oa: ['crm:read'] }, undefined, /no scope `crm:read`/],
    [{ erp: ['x'] }, undefined, /no provider `erp`/],
    [['oa:read'], ['oa', 'crm'], /no scope was given for `crm`/],
    [{ __proto__: ['x'], constructor: ['x'] }, undefined, /no provider `constructor`/],
  ] as const)
    await assert.rejects(run({ scopes, ...(providers ? { providers } : {}) }), (error) => {
      assert.ok(code('ARGUMENT_INVALID')(error))
      assert.match((error as AthError).message, pattern)
      return true
    })
  assert.equal(
    gateway.seen.some(({ step }) => step !== 'discover'),
    false,
  )
  const ath = await run({ scopes: ['shared'], providers: ['crm'] })
  assert.deepEqual(ath.sessions[0]?.providerId, 'crm')
})

test('the first registration without a developer is told what to add', async (t) => {
  const { agent, gateway, run } = await prepare(t)
  const key = { privateKey: agent.key.privateKey, keyId: agent.key.kid }
  await assert.rejects(run({ agent: { id: agent.agentId, key } }), {
    code: 'ARGUMENT_INVALID',
    fix: 'add developer: { name, id }',
  })
  assert.equal(
    gateway.seen.some(({ step }) => step === 'register'),
    false,
  )
})

test('a user who says no ends it as USER_DENIED, one who says nothing as CONSENT_PENDING', async (t) => {
  const { gateway, run } = await prepare(t)
  gateway.userAnswer = 'denied'
  await assert.rejects(run({ onConsent: 'poll' }), code('USER_DENIED'))
  gateway.userAnswer = 'pending'
  await assert.rejects(
    run({ onConsent: 'poll', consentTimeoutSeconds: 0.1 }),
    code('CONSENT_PENDING'),
  )
})
