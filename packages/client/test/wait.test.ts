import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError, type PendingHandshake } from '@ath-protocol/client'
import type { RawAnswer } from '@sallyport/testing'
import { type Bench, developer, oa, setUp } from './setup.ts'
import type { TestContext } from 'node:test'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): RawAnswer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

async function asked(t: TestContext) {
  const bench = await setUp(t)
  const client = bench.client()
  await client.register({ providers: oa, developer })
  const handshake = await client.authorize({ provider: 'oa', scopes: ['oa:read'] })
  return { ...bench, athClient: client, handshake }
}

const tokenCalls = ({ gateway }: Pick<Bench, 'gateway'>) =>
  gateway.seen.filter(({ step }) => step === 'token')

test('[R39] [C10] it asks again while the user has not answered, with a fresh attestation each time', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  const waits: number[] = []
  const session = athClient.waitForConsent(handshake, {
    pollSeconds: 0.01,
    onPending: ({ nextPollSeconds }) => waits.push(nextPollSeconds),
  })
  await gateway.waitFor('token', 3)
  gateway.userAnswer = ['oa:read']
  assert.deepEqual((await session).scopes, ['oa:read'])
  const jwts = tokenCalls({ gateway }).map(({ body }) => body['agent_attestation'])
  assert.equal(new Set(jwts).size, jwts.length)
  assert.ok(jwts.length >= 4)
  // What the gateway says about the pace is followed.
  assert.ok(waits.every((seconds) => seconds === 0.05))
  assert.deepEqual(gateway.faults, [])
})

test('[C10] a peer’s plain SESSION_NOT_FOUND is taken as not yet answered', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  gateway.userAnswer = ['oa:read']
  gateway.next('token', answer(400, { code: 'SESSION_NOT_FOUND', message: 'not completed' }))
  const session = await athClient.waitForConsent(handshake, { pollSeconds: 0.01 })
  assert.deepEqual(session.scopes, ['oa:read'])
})

test('a handshake that our gateway does not know ends the wait at once', async (t) => {
  const { athClient, handshake } = await asked(t)
  const unknown = { ...handshake, id: 'ath_sess_other' }
  await assert.rejects(
    athClient.waitForConsent(unknown, { pollSeconds: 0.01 }),
    code('SESSION_NOT_FOUND'),
  )
})

test('it goes on through slow_down, 429, 503, a dead connection and an HTML error page', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  gateway.userAnswer = ['oa:read']
  gateway.next('token', answer(429, { code: 'RATE_LIMITED', message: 'x' }, { 'retry-after': '0' }))
  gateway.next('token', answer(503, { code: 'UNAVAILABLE', message: 'x' }))
  gateway.next('token', (_request, response) => response.destroy())
  gateway.next('token', answer(502, '<h1>Bad gateway</h1>', { 'content-type': 'text/html' }))
  gateway.next(
    'token',
    answer(400, { code: 'SESSION_NOT_FOUND', message: 'x', details: { interval: 0.05 } }),
  )
  const session = await athClient.waitForConsent(handshake, { pollSeconds: 0.01 })
  assert.deepEqual(session.scopes, ['oa:read'])
  assert.equal(tokenCalls({ gateway }).length, 6)
})

test('`Retry-After` and slow_down lengthen the pause', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  const paces: number[] = []
  gateway.next('token', answer(429, { code: 'RATE_LIMITED', message: 'x' }, { 'retry-after': '1' }))
  gateway.next('token', answer(400, { error: 'slow_down' }))
  const stop = new AbortController()
  const waiting = athClient.waitForConsent(handshake, {
    pollSeconds: 0.01,
    signal: stop.signal,
    onPending: ({ nextPollSeconds }) => {
      paces.push(nextPollSeconds)
      if (paces.length === 2) stop.abort(new Error('enough'))
    },
  })
  await assert.rejects(waiting, /enough/)
  assert.equal(paces[0], 1)
  assert.ok((paces[1] ?? 0) >= 5)
})

for (const [what, status, body, expected] of [
  ['a no in our shape', 403, { code: 'USER_DENIED', message: 'no' }, 'USER_DENIED'],
  ['a no as peers send it', 400, { code: 'USER_DENIED', message: 'no' }, 'USER_DENIED'],
  ['a peer’s internal error', 400, { code: 'INTERNAL_ERROR', message: 'x' }, 'INTERNAL_ERROR'],
  ['an expired handshake', 400, { code: 'SESSION_EXPIRED', message: 'x' }, 'SESSION_EXPIRED'],
  ['a failed provider', 502, { code: 'OAUTH_ERROR', message: 'x', retryable: true }, 'OAUTH_ERROR'],
] as const)
  test(`[C10] ${what} ends the wait`, async (t) => {
    const { gateway, athClient, handshake } = await asked(t)
    gateway.next('token', answer(status, body))
    await assert.rejects(athClient.waitForConsent(handshake, { pollSeconds: 0.01 }), code(expected))
    assert.equal(tokenCalls({ gateway }).length, 1)
  })

test('when the time is over it says how to go on, and the handshake can be taken up again', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  const error = await athClient
    .waitForConsent(handshake, { pollSeconds: 0.01, timeoutSeconds: 0.2 })
    .catch((e: AthError) => e)
  assert.ok(error instanceof AthError)
  assert.equal(error.code, 'CONSENT_PENDING')
  assert.equal(error.retryable, true)
  assert.equal(error.details['authorization_url'], handshake.authorizationUrl)
  gateway.userAnswer = ['oa:read']
  const kept = JSON.parse(JSON.stringify(handshake)) as PendingHandshake
  assert.equal((await athClient.waitForConsent(kept, { pollSeconds: 0.01 })).providerId, 'oa')
})

test('an abort ends the wait with its own reason and without another question', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  const stop = new AbortController()
  const waiting = athClient.waitForConsent(handshake, { pollSeconds: 60, signal: stop.signal })
  stop.abort(new Error('the person went home'))
  await assert.rejects(waiting, /went home/)
  assert.equal(tokenCalls({ gateway }).length, 0)
})

test('a single exchange is sent once, whatever happens to it', async (t) => {
  const { gateway, athClient, handshake } = await asked(t)
  gateway.next('token', (_request, response) => response.destroy())
  await assert.rejects(athClient.token(handshake), code('NETWORK_ERROR'))
  gateway.next('token', answer(503, { code: 'UNAVAILABLE', message: 'x' }, { 'retry-after': '0' }))
  await assert.rejects(athClient.token(handshake), code('UNAVAILABLE'))
  assert.equal(tokenCalls({ gateway }).length, 2)
})

const good = (bench: { readonly agent: Bench['agent'] }) => ({
  access_token: 'ath_tk_x',
  token_type: 'Bearer',
  expires_in: 3600,
  effective_scopes: ['oa:read'],
  provider_id: 'oa',
  agent_id: bench.agent.agentId,
  scope_intersection: {
    agent_approved: ['oa:read', 'oa:write'],
    user_consented: ['oa:read'],
    effective: ['oa:read'],
  },
})
const wide = ['oa:read', 'oa:write']
for (const [what, changes, expected] of [
  [
    'scopes that were not asked',
    {
      effective_scopes: wide,
      scope_intersection: { agent_approved: wide, user_consented: wide, effective: wide },
    },
    'ANSWER_REFUSED',
  ],
  [
    'scopes that the user did not give',
    {
      scope_intersection: { agent_approved: wide, user_consented: [], effective: ['oa:read'] },
    },
    'ANSWER_REFUSED',
  ],
  [
    'scopes that the service did not approve',
    {
      scope_intersection: { agent_approved: [], user_consented: wide, effective: ['oa:read'] },
    },
    'ANSWER_REFUSED',
  ],
  ['another agent', { agent_id: 'https://thief.example/.well-known/agent.json' }, 'ANSWER_REFUSED'],
  ['another provider', { provider_id: 'crm' }, 'ANSWER_REFUSED'],
  [
    'no scope at all',
    {
      effective_scopes: [],
      scope_intersection: { agent_approved: wide, user_consented: wide, effective: [] },
    },
    'ANSWER_REFUSED',
  ],
  [
    'two different lists',
    {
      scope_intersection: { agent_approved: wide, user_consented: wide, effective: wide },
    },
    'ANSWER_REFUSED',
  ],
  ['another token type', { token_type: 'DPoP' }, 'ANSWER_INVALID'],
  ['no intersection', { scope_intersection: undefined }, 'ANSWER_INVALID'],
  ['a lifetime in words', { expires_in: '1h' }, 'ANSWER_INVALID'],
] as const)
  test(`${expected === 'ANSWER_REFUSED' ? '[R44] ' : ''}a token answer with ${what} is refused`, async (t) => {
    const bench = await asked(t)
    bench.gateway.next('token', answer(200, { ...good(bench), ...changes }))
    await assert.rejects(bench.athClient.token(bench.handshake), code(expected))
    // The same answer without the change is taken: it is the change that is refused.
    bench.gateway.next('token', answer(200, good(bench)))
    assert.equal((await bench.athClient.token(bench.handshake)).accessToken, 'ath_tk_x')
  })
