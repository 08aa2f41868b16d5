import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { type AgentOptions, AthError, connect, type StoredSession } from '@ath-protocol/client'
import { createVirtualClock, type StrictGatewayOptions } from '@sallyport/testing'
import { developer, oa, setUp } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

const hours = 3600

/** A session of `oa:read oa:write` whose user allowed eight hours, at a gateway that gives tokens for one. */
async function setUpGrant(
  t: TestContext,
  {
    changes = {},
    ...options
  }: { changes?: Partial<AgentOptions> } & Partial<StrictGatewayOptions> = {},
) {
  const clock = createVirtualClock()
  const grant = { now: clock.now, grantLifetimeSeconds: 8 * hours, ...options }
  const bench = await setUp(t, grant)
  const { gateway } = bench
  const kept: StoredSession[] = []
  const onRenewed = (stored: StoredSession) => kept.push(stored)
  const client = bench.client({ clock, onRenewed, ...changes })
  await client.register({ providers: oa, developer })
  const handshake = await client.authorize({ provider: 'oa', scopes: ['oa:read', 'oa:write'] })
  gateway.userAnswer = ['oa:read', 'oa:write']
  const session = await client.token(handshake)
  const count = (step: string) => gateway.seen.filter((one) => one.step === step).length
  return { ...bench, clock, kept, athClient: client, session, count }
}

test('a call renews a token with less than a minute left, and what was renewed can be kept and taken up', async (t) => {
  const { gateway, clock, session, kept, athClient, count } = await setUpGrant(t)
  const first = session.accessToken
  assert.equal(session.grantExpiresAt, clock.now() + 8 * hours)
  clock.advance(hours - 61)
  assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(count('renew'), 0)
  clock.advance(2)
  const ends = session.grantExpiresAt
  assert.equal((await session.fetch('/x', { method: 'POST', body: 'b' })).status, 200)
  assert.notEqual(session.accessToken, first)
  assert.equal(session.expiresAt, clock.now() + hours)
  assert.equal(session.grantExpiresAt, ends)
  assert.equal(session.grant?.access_token, session.accessToken)
  assert.equal(gateway.seen.at(-1)?.headers.authorization, `Bearer ${session.accessToken}`)
  const renewal = gateway.seen.find(({ step }) => step === 'renew')
  assert.equal(renewal?.audience, `${gateway.url}/ath/token/renew`)
  assert.deepEqual(Object.keys(renewal?.body ?? {}).sort(), [
    'agent_attestation',
    'client_id',
    'client_secret',
    'token',
  ])
  assert.equal(JSON.stringify(session).includes(session.accessToken), false)

  assert.equal(kept.length, 1)
  const resumed = athClient.resume(JSON.parse(JSON.stringify(kept[0])) as StoredSession)
  clock.advance(2 * hours)
  assert.equal((await resumed.fetch('/x')).status, 200)
  assert.equal(kept.length, 2)
  assert.equal(count('renew'), 2)
  assert.equal(count('token'), 1)
  assert.deepEqual(gateway.faults, [])
})

test('many calls at once share one renewal', async (t) => {
  const { clock, session, count, gateway } = await setUpGrant(t)
  clock.advance(hours + 1)
  const answers = await Promise.all(Array.from({ length: 8 }, () => session.fetch('/x')))
  assert.deepEqual(
    answers.map(({ status }) => status),
    answers.map(() => 200),
  )
  await Promise.all([session.renew(), session.renew()])
  assert.equal(count('renew'), 2)
  assert.deepEqual(gateway.faults, [])
})

test('a call that the gateway answers TOKEN_EXPIRED is sent once more with a fresh token, whatever its method', async (t) => {
  for (const body of [
    undefined,
    'text',
    new TextEncoder().encode('text'),
    new URLSearchParams('text'),
  ]) {
    // Ours goes an hour and more behind the gateway's.
    let skew = 0
    const ours = createVirtualClock()
    const { gateway, session, count } = await setUpGrant(t, {
      now: () => ours.now() + skew,
      changes: { clock: ours },
    })
    gateway.upstream = async (request, response) => response.end(await text(request))
    gateway.tokenLifetimeSeconds = 200
    await session.renew()
    skew = 250
    ours.advance(61)
    const answer = await session.fetch('/x', body === undefined ? {} : { method: 'POST', body })
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), body === undefined ? /^$/ : /^text=?$/)
    assert.equal(count('renew'), 2)
    assert.equal(count('proxy'), 2)
    assert.deepEqual(gateway.faults, [])
  }
})

test('a streamed body is never sent twice: its refusal is the answer, and the next call has a fresh token', async (t) => {
  let skew = 0
  const clock = createVirtualClock()
  const { gateway, session, count } = await setUpGrant(t, {
    now: () => clock.now() + skew,
    changes: { clock },
  })
  gateway.tokenLifetimeSeconds = 200
  await session.renew()
  skew = 250
  clock.advance(61)
  const stream = () => new Response('streamed').body as ReadableStream<Uint8Array>
  const refused = await session.fetch('/x', { method: 'POST', body: stream() })
  assert.equal(refused.status, 401)
  assert.equal(((await refused.json()) as { code: string }).code, 'TOKEN_EXPIRED')
  assert.equal(count('proxy'), 1)
  assert.equal(count('renew'), 2)
  assert.equal((await session.fetch('/x', { method: 'POST', body: stream() })).status, 200)
  assert.equal(count('renew'), 2)
  skew = 0
  clock.advance(150)
  assert.equal((await session.fetch('/x', { method: 'POST', body: stream() })).status, 200)
  assert.equal(count('renew'), 3)
  assert.equal(count('proxy'), 3)
  assert.deepEqual(gateway.faults, [])
})

test('a revoked token is never renewed, and a gateway without renewal is used as before', async (t) => {
  const revoked = await setUpGrant(t)
  await revoked.session.revoke()
  assert.equal((await revoked.session.fetch('/x')).status, 401)
  assert.equal(revoked.count('renew'), 0)
  await assert.rejects(revoked.session.call('/x'), code('TOKEN_REVOKED'))
  await assert.rejects(revoked.session.renew(), code('TOKEN_REVOKED'))
  revoked.clock.advance(hours)
  for (let call = 0; call < 3; call++)
    await assert.rejects(revoked.session.call('/x'), code('TOKEN_REVOKED'))
  assert.equal(revoked.count('renew'), 2)

  const clock = createVirtualClock()
  const { gateway, session, count } = await setUpGrant(t, {
    now: clock.now,
    grantLifetimeSeconds: undefined as never,
    changes: { clock },
  })
  assert.equal(session.grantExpiresAt, undefined)
  clock.advance(hours - 30)
  assert.equal((await session.fetch('/x')).status, 200)
  clock.advance(hours)
  await assert.rejects(session.call('/x'), code('TOKEN_EXPIRED'))
  await assert.rejects(session.renew(), code('RENEWAL_UNSUPPORTED'))
  assert.equal(count('renew'), 0)
  assert.equal(count('discover'), 1)
  assert.deepEqual(gateway.faults, [])
})

test('a token kept before grants had an end is renewed where the gateway’s description offers it', async (t) => {
  const { clock, session, athClient, count } = await setUpGrant(t)
  const { providerId, accessToken, scopes, expiresAt } = session
  const stored = { providerId, accessToken, scopes, expiresAt }
  const resumed = athClient.resume(stored)
  const foreign = athClient.resume({ ...stored, scopes: [], expiresAt: 0 })
  clock.advance(2 * hours)
  assert.equal((await foreign.fetch('/x')).status, 401)
  assert.equal(count('renew'), 0)
  assert.equal((await resumed.fetch('/x')).status, 200)
  assert.equal(resumed.grantExpiresAt, clock.now() + 6 * hours)
})

test('nothing is renewed after the grant’s end, nor where no longer life is to be had', async (t) => {
  const { clock, session, count } = await setUpGrant(t)
  clock.advance(8 * hours - 100)
  assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(session.expiresAt, session.grantExpiresAt)
  clock.advance(70)
  assert.equal((await session.fetch('/x')).status, 200)
  clock.advance(30)
  await assert.rejects(session.call('/x'), code('TOKEN_EXPIRED'))
  assert.equal(count('renew'), 1)
  await assert.rejects(session.renew(), code('TOKEN_EXPIRED'))
})

test('a failed renewal does not fail the call while the token lives, and is not tried at every call', async (t) => {
  const { gateway, clock, session, count } = await setUpGrant(t)
  const busy = (seconds: number) =>
    gateway.next('renew', (_request, response) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': `${seconds}` })
      response.end('{"code":"RATE_LIMITED","message":"slow down"}')
    })
  clock.advance(hours - 50)
  busy(20)
  for (let call = 0; call < 3; call++) assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(count('renew'), 1)
  clock.advance(19)
  assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(count('renew'), 1)
  clock.advance(1)
  assert.equal((await session.fetch('/x')).status, 200)
  assert.equal(count('renew'), 2)
  assert.equal(session.expiresAt, clock.now() + hours)
})

test('a service whose own answers say TOKEN_EXPIRED does not cause a renewal at every call', async (t) => {
  const { gateway, session, count } = await setUpGrant(t)
  gateway.upstream = (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end('{"code":"TOKEN_EXPIRED"}')
  }
  for (let call = 0; call < 4; call++) assert.equal((await session.fetch('/x')).status, 401)
  assert.equal(count('renew'), 1)
})

test('[R44] a renewed token with more than the user agreed to is refused; one that was narrowed widens again', async (t) => {
  const { gateway, clock, session, athClient } = await setUpGrant(t)
  gateway.approvals = { oa: { approved: ['oa:read'], denied: ['oa:write'] } }
  await session.renew()
  assert.deepEqual(session.scopes, ['oa:read'])
  gateway.approvals = {}
  await session.renew()
  assert.deepEqual(session.scopes, ['oa:read', 'oa:write'])

  const { providerId, accessToken, expiresAt, grantExpiresAt } = session
  const stored = { providerId, accessToken, expiresAt, grantExpiresAt }
  const narrow = athClient.resume({ ...stored, scopes: ['oa:read'] })
  await assert.rejects(narrow.renew(), code('ANSWER_REFUSED'))
  assert.equal(narrow.accessToken, accessToken)
  const odd = { effective_scopes: [], expires_in: 60 }
  for (const [changes, expected] of [
    [{ provider_id: 'crm' }, 'ANSWER_REFUSED'],
    [{ agent_id: 'https://other.example/agent.json' }, 'ANSWER_REFUSED'],
    [odd, 'ANSWER_REFUSED'],
    [{ access_token: 7 }, 'ANSWER_INVALID'],
    [{ grant_expires_in: 'long' }, 'ANSWER_INVALID'],
  ] as const) {
    gateway.next('renew', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...session.grant, ...changes }))
    })
    await assert.rejects(session.renew(), code(expected), JSON.stringify(changes))
    assert.equal(session.accessToken, accessToken)
  }
  gateway.next('renew', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...session.grant, provider_id: 'crm' }))
  })
  clock.advance(hours)
  await assert.rejects(session.fetch('/x'), code('ANSWER_REFUSED'))
  assert.deepEqual(gateway.faults, [])
})

test('who gives up waiting for a renewal leaves it to the others; what `onRenewed` throws is told', async (t) => {
  let fail = true
  const { gateway, session, clock } = await setUpGrant(t, {
    changes: {
      onRenewed: () => {
        if (fail) throw new Error('the disk is full')
      },
    },
  })
  await assert.rejects(session.renew(), /the disk is full/)
  fail = false
  const held = Promise.withResolvers<void>()
  gateway.next('renew', async (_request, response) => {
    await held.promise
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ...session.grant, access_token: 'ath_tk_late' }))
  })
  clock.advance(10)
  const impatient = new AbortController()
  const waiting = session.renew()
  const leaving = session.renew(impatient.signal)
  await gateway.waitFor('renew', 2)
  impatient.abort(new Error('enough'))
  await assert.rejects(leaving, /enough/)
  await assert.rejects(session.renew(AbortSignal.abort(new Error('before'))), /before/)
  held.resolve()
  await waiting
  assert.equal(session.accessToken, 'ath_tk_late')
})

test('`connect` gives its sessions the same hook', async (t) => {
  const clock = createVirtualClock()
  const { gateway, agent, key } = await setUp(t, {
    now: clock.now,
    grantLifetimeSeconds: hours * 2,
  })
  const renewed: string[] = []
  const ath = await connect({
    gateway: gateway.url,
    agent: { id: agent.agentId, key, developer },
    clock,
    scopes: ['oa:read'],
    pollSeconds: 0.01,
    onConsent: ({ scopes }) => {
      gateway.userAnswer = scopes
    },
    onRenewed: ({ providerId, accessToken }) => {
      renewed.push(providerId, accessToken)
    },
  })
  clock.advance(hours)
  assert.equal((await ath.fetch('/x')).status, 200)
  assert.deepEqual(renewed, ['oa', ath.session('oa').accessToken])
  assert.deepEqual(gateway.faults, [])
})
