import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { hashSecret } from '@ath-protocol/server'
import { createVirtualClock } from '@sallyport/testing'
import { createRateLimits } from '@ath-protocol/server/parts'
import { agentId, call, openOther, tokenText, type World } from '../wire/world.ts'

const rules: readonly [string, string][] = [
  ['oa:read', 'GET /**'],
  ['oa:write', 'POST /**'],
]

/** What an operator, or a renewal by other rules, leaves of an approval. */
async function approveOnly(world: World, scopes: readonly string[]): Promise<void> {
  await world.registry.update('ath_client', {
    approvals: [{ provider_id: 'oa', approved_scopes: [...scopes], denied_scopes: [] }],
  })
  world.dataPath.live.agentChanged('ath_client')
}

const status = async (world: World, method: string, token = world.token) =>
  (
    await call(world, '/ath/proxy/oa/x', {
      method,
      headers: { ...world.good, authorization: `Bearer ${token}` },
    })
  ).status

test('a live token loses the scopes that the service takes away, and has them back when it gives them back', async (t: TestContext) => {
  const world = await openOther(t, { rules })
  const second = await world.addToken('B')
  assert.equal(await status(world, 'POST'), 200)
  assert.equal(await status(world, 'POST', second), 200)
  await approveOnly(world, ['oa:read'])
  assert.equal(await status(world, 'POST'), 403)
  assert.equal(await status(world, 'POST', second), 403)
  assert.equal(await status(world, 'GET'), 200)
  await approveOnly(world, [])
  assert.equal(await status(world, 'GET'), 403)
  await approveOnly(world, ['oa:read', 'oa:write'])
  assert.equal(await status(world, 'POST', second), 200)
})

test('a token issued by what the service had approved before brings nothing of it along', async (t) => {
  const world = await openOther(t, { rules })
  await approveOnly(world, ['oa:read'])
  const late = await world.addToken('C', { scopes: ['oa:read', 'oa:write'] })
  assert.equal(await status(world, 'POST', late), 403)
  assert.equal(await status(world, 'GET', late), 200)
})

test('an approval for one provider opens nothing at another', async (t) => {
  const world = await openOther(t, { rules })
  await world.registry.update('ath_client', {
    approvals: [
      { provider_id: 'crm', approved_scopes: ['oa:read', 'oa:write'], denied_scopes: [] },
    ],
  })
  world.dataPath.live.agentChanged('ath_client')
  assert.equal(await status(world, 'GET'), 403)
})

test('what an identity header tells of scopes is narrowed with the token', async (t) => {
  const seen: (string | undefined)[] = []
  const world = await openOther(t, {
    rules,
    auth: {
      kind: 'identity_header',
      userHeader: 'x-user',
      agentHeader: 'x-agent',
      scopesHeader: 'x-scopes',
      assertionHeader: 'x-assertion',
      audience: 'oa',
    },
    upstream(request, response) {
      seen.push(request.headers['x-scopes']?.toString())
      response.end()
    },
  })
  await status(world, 'GET')
  await approveOnly(world, ['oa:read'])
  await status(world, 'GET')
  assert.deepEqual(seen, ['oa:read oa:write', 'oa:read'])
})

test('what is no longer configured is closed, although token and approval still name it', async (t) => {
  const world = await openOther(t, { rules })
  const names = ['oa:read', 'oa:renamed']
  await world.registry.update('ath_client', {
    approvals: ['oa', 'gone'].map((provider_id) => ({
      provider_id,
      approved_scopes: names,
      denied_scopes: [],
    })),
  })
  world.dataPath.live.agentChanged('ath_client')
  const renamed = await world.addToken('R', { scopes: ['oa:renamed'] })
  assert.equal(await status(world, 'GET', renamed), 403)
  const text = tokenText('G')
  const now = world.clock.now()
  await world.tokens.insert({
    hash: hashSecret(text),
    grantId: 'gnt_1',
    clientId: 'ath_client',
    agentId,
    userId: 'usr_1',
    providerId: 'gone',
    scopes: names,
    issuedAt: now,
    expiresAt: now + 3600,
  })
  const answer = await call(world, '/ath/proxy/gone/x', {
    headers: { ...world.good, authorization: `Bearer ${text}` },
  })
  assert.equal(answer.status, 403)
  assert.equal(answer.json()['code'], 'PROVIDER_NOT_APPROVED')
})

test('[R119] an agent that keeps renewing its token has no higher rate than one that does not', async (t) => {
  const clock = createVirtualClock()
  const limits = createRateLimits(new Map([['proxy_token', { count: 2, perSeconds: 60 }]]), clock)
  const world = await openOther(t, { rules, limits })
  const renewed = [world.token, await world.addToken('B'), await world.addToken('C')]
  const statuses: number[] = []
  for (const token of renewed) statuses.push(await status(world, 'GET', token))
  assert.deepEqual(statuses, [200, 200, 429])
})
