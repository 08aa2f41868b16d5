import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAthClient, type StoredSession } from '@ath-protocol/client'
import { hashSecret } from '../src/index.ts'
import { base, createBrowser, createWorld, exchange, start, travelId, type World } from './world.ts'

async function granted(world: World) {
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { scopes: ['oa:read', 'oa:write'] })
  await createBrowser(world).answer(started.authorizationUrl)
  const { json } = await exchange(world, agent, started)
  const renew = async (changes: object = {}) =>
    world.send('POST', '/ath/token/renew', {
      body: {
        client_id: started.clientId,
        client_secret: started.clientSecret,
        agent_attestation: await agent.attest({ audience: `${base}/ath/token/renew` }),
        token: json.access_token,
        ...changes,
      },
    })
  return { agent, started, token: json.access_token, renew }
}

test('an agent renews its token for as long as the user allowed, and not a second longer', async () => {
  const world = await createWorld()
  const { renew, token } = await granted(world)
  world.clock.advance(3601)
  const first = await renew()
  assert.equal(first.status, 200)
  assert.notEqual(first.json.access_token, token)
  assert.equal(first.json.expires_in, 3600)
  assert.equal(first.json.grant_expires_in, 28_800 - 3601)
  assert.deepEqual(first.json.effective_scopes, ['oa:read', 'oa:write'])
  assert.equal(world.events.at(-1)?.event, 'access_granted')
  world.clock.advance(28_800 - 3601 - 100)
  const last = await renew({ token: first.json.access_token })
  assert.equal(last.json.expires_in, 100)
  world.clock.advance(100)
  const late = await renew({ token: last.json.access_token })
  assert.equal(late.status, 401)
  assert.equal(late.json.code, 'TOKEN_EXPIRED')
})

test('a renewed token never holds more than the service approves now', async () => {
  const world = await createWorld()
  const { renew, started } = await granted(world)
  const approve = (approved_scopes: string[]) =>
    world.ports.registry.update(started.clientId, {
      approvals: [{ provider_id: 'oa', approved_scopes, denied_scopes: [] }],
    })
  await approve(['oa:read', 'oa:delete'])
  assert.deepEqual((await renew()).json.effective_scopes, ['oa:read'])
  await approve(['oa:delete'])
  const nothing = await renew()
  assert.equal(nothing.status, 403)
  assert.equal(nothing.json.code, 'SCOPE_NOT_APPROVED')
  await world.ports.registry.update(started.clientId, { status: 'suspended' })
  assert.equal((await renew()).json.code, 'AGENT_UNAPPROVED')
})

test('a revoked token is not renewed, and revoking one token of a grant ends them all', async () => {
  const world = await createWorld()
  const { renew, started, token } = await granted(world)
  const second = (await renew()).json.access_token
  const credentials = { client_id: started.clientId, client_secret: started.clientSecret }
  await world.send('POST', '/ath/revoke', { body: { token, ...credentials } })
  for (const one of [token, second]) {
    const seen = await renew({ token: one })
    assert.equal(seen.status, 401)
    assert.equal(seen.json.code, 'TOKEN_REVOKED')
  }
  assert.ok((await world.ports.tokens.find(hashSecret(second)))?.revokedAt)
})

test('renewal asks for secret, key and token, each the agent’s own', async () => {
  const world = await createWorld()
  const { agent, renew } = await granted(world)
  const other = await world.addAgent(
    'https://other.travel.agents.example.com/.well-known/agent.json',
  )
  const theirs = (await world.register(other)).json
  await world.ports.registry.update(theirs.client_id, { status: 'approved' })
  const cases: readonly (readonly [object, number, string])[] = [
    [{ client_secret: undefined }, 400, 'AGENT_NOT_REGISTERED'],
    [{ agent_attestation: undefined }, 400, 'INVALID_ATTESTATION'],
    [{ token: undefined }, 400, 'TOKEN_INVALID'],
    [{ client_secret: 'wrong' }, 401, 'AGENT_NOT_REGISTERED'],
    [{ agent_attestation: await agent.attest({ audience: base }) }, 401, 'INVALID_ATTESTATION'],
    [
      { agent_attestation: await agent.attest({ audience: `${base}/ath/token` }) },
      401,
      'INVALID_ATTESTATION',
    ],
    [
      { agent_attestation: await other.attest({ audience: `${base}/ath/token/renew` }) },
      403,
      'AGENT_IDENTITY_MISMATCH',
    ],
    [{ token: 'ath_tk_unknown' }, 401, 'TOKEN_INVALID'],
    [
      {
        client_id: theirs.client_id,
        client_secret: theirs.client_secret,
        agent_attestation: await other.attest({ audience: `${base}/ath/token/renew` }),
      },
      403,
      'AGENT_IDENTITY_MISMATCH',
    ],
  ]
  for (const [changes, status, code] of cases) {
    const seen = await renew(changes)
    assert.equal(seen.status, status, code)
    assert.equal(seen.json.code, code)
  }
  assert.equal((await renew()).status, 200)
})

test('our own client renews at these handlers by itself, and has what it got to keep', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const kept: StoredSession[] = []
  const bearers: (string | null)[] = []
  const client = createAthClient({
    gateway: base,
    agentId: travelId,
    key: { privateKey: agent.key.privateKey, keyId: agent.key.kid },
    clock: world.clock,
    onRenewed: (stored) => kept.push(stored),
    fetch: async (input, init) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      const headers = new Headers(init?.headers)
      if (pathname.startsWith('/ath/proxy/')) {
        bearers.push(headers.get('authorization'))
        return new Response('upstream')
      }
      const { body } = init ?? {}
      const sent = { body: body ?? undefined, headers: Object.fromEntries(headers) }
      const answer = await world.send(init?.method ?? 'GET', pathname, sent)
      return new Response(answer.body, { status: answer.status })
    },
  })
  await client.register({
    providers: [{ provider_id: 'oa', scopes: ['oa:read', 'oa:write'] }],
    developer: { name: 'Example Agents Ltd', id: 'example-agents' },
    purpose: 'read approvals',
  })
  const handshake = await client.authorize({ provider: 'oa', scopes: ['oa:read'] })
  await createBrowser(world).answer(handshake.authorizationUrl)
  const session = await client.token(handshake)
  const first = session.accessToken
  assert.equal(session.grantExpiresAt, Math.floor(world.clock.now()) + 28_800)
  world.clock.advance(3601)
  assert.equal(await (await session.fetch('/x')).text(), 'upstream')
  assert.notEqual(session.accessToken, first)
  assert.deepEqual(bearers, [`Bearer ${session.accessToken}`])
  assert.deepEqual(
    kept.map(({ accessToken, scopes }) => [accessToken, scopes]),
    [[session.accessToken, ['oa:read']]],
  )
  await session.revoke()
  await assert.rejects(session.renew(), { code: 'TOKEN_REVOKED' })
})
