import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import { developer, oa, setUp, setUpSession } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

test('[R39] [C4] [C5] the whole handshake passes a gateway that verifies everything, each step with its own attestation', async (t) => {
  const { gateway, session, agent } = await setUpSession(t)
  assert.deepEqual(gateway.faults, [])
  const audiences = gateway.seen.filter(({ audience }) => audience).map((s) => [s.step, s.audience])
  assert.deepEqual(audiences, [
    ['register', gateway.url],
    ['authorize', gateway.url],
    ['token', `${gateway.url}/ath/token`],
  ])
  assert.equal(session.providerId, 'oa')
  assert.deepEqual(session.scopes, ['oa:read'])
  assert.equal(session.agentId, agent.agentId)
  assert.ok(session.expiresAt > Date.now() / 1000 + 3000)
})

test('the gateway may be given with one trailing slash or below a path', async (t) => {
  const { gateway, client } = await setUp(t, { basePath: '/deep/gw' })
  const athClient = client({ gateway: `${gateway.url}/` })
  await athClient.register({ providers: oa, developer })
  assert.equal(athClient.gateway, gateway.url)
  assert.deepEqual(gateway.faults, [])
})

test('[C1] [C2] [C3] [C6] an attestation names the agent as issuer, its type and key, and lives five minutes', async (t) => {
  const { gateway, client, agent } = await setUp(t)
  await client().register({ providers: oa, developer })
  const jwt = String(gateway.seen.at(-1)?.body['agent_attestation'])
  const [header, claims] = jwt
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
  assert.deepEqual(header, { alg: 'ES256', typ: 'JWT', kid: agent.key.kid })
  assert.equal(claims.iss, agent.agentId)
  assert.equal(claims.sub, agent.agentId)
  assert.equal(claims.exp - claims.iat, 300)
})

test('[C1] `issuer: origin` puts the agent’s origin in `iss`', async (t) => {
  const { gateway, client } = await setUp(t)
  await client({ issuer: 'origin' }).register({ providers: oa, developer })
  const jwt = String(gateway.seen.at(-1)?.body['agent_attestation'])
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
  assert.equal(claims.iss, 'https://travel.agents.example.com')
  assert.deepEqual(gateway.faults, [])
})

test('[C7] redirect URIs are sent only when the caller gave some', async (t) => {
  const { gateway, client } = await setUp(t)
  const athClient = client()
  await athClient.register({ providers: oa, developer })
  assert.equal('redirect_uris' in (gateway.seen.at(-1)?.body ?? {}), false)
  await athClient.authorize({ provider: 'oa', scopes: ['oa:read'] })
  assert.equal('user_redirect_uri' in (gateway.seen.at(-1)?.body ?? {}), false)
  const uri = 'https://agent.example.com/back'
  await athClient.register({ providers: oa, developer, redirectUris: [uri] })
  assert.deepEqual(gateway.seen.at(-1)?.body['redirect_uris'], [uri])
})

test('[R5] nothing is registered at a gateway that speaks another version', async (t) => {
  const { gateway, client } = await setUp(t)
  gateway.next('discover', (_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        ath_version: '1.0',
        gateway_id: gateway.url,
        agent_registration_endpoint: `${gateway.url}/ath/agents/register`,
        supported_providers: [],
      }),
    )
  })
  await assert.rejects(client().register({ providers: oa, developer }), code('VERSION_UNSUPPORTED'))
  assert.equal(
    gateway.seen.some(({ step }) => step === 'register'),
    false,
  )
})

test('[C28] the published registration endpoint is used only on the gateway’s own origin', async (t) => {
  const { gateway, client } = await setUp(t)
  const discovery = await client().discover()
  const away = client({
    discovery: {
      ...discovery,
      agent_registration_endpoint: 'https://elsewhere.example/ath/agents/register',
    },
  })
  await away.register({ providers: oa, developer })
  assert.equal(gateway.seen.at(-1)?.url, '/ath/agents/register')
  gateway.next('register', (_request, response) => response.writeHead(500).end())
  const own = client({
    discovery: {
      ...discovery,
      agent_registration_endpoint: `${gateway.url}/ath/agents/register?v=2`,
    },
  })
  await assert.rejects(own.register({ providers: oa, developer }))
  assert.equal(gateway.seen.at(-1)?.url, '/ath/agents/register?v=2')
})

test('[R44] a scope that the service refused is not even asked of the user', async (t) => {
  const { gateway, client } = await setUp(t)
  gateway.approvals = { oa: { approved: ['oa:read'], denied: ['oa:write'], reason: 'read only' } }
  const athClient = client()
  await athClient.register({ providers: oa, developer })
  await assert.rejects(
    athClient.authorize({ provider: 'oa', scopes: ['oa:read', 'oa:write'] }),
    (error) => code('SCOPE_NOT_APPROVED')(error) && /oa:write/.test((error as Error).message),
  )
  await assert.rejects(
    athClient.authorize({ provider: 'crm', scopes: ['crm:read'] }),
    code('PROVIDER_NOT_APPROVED'),
  )
  assert.equal(
    gateway.seen.some(({ step }) => step === 'authorize'),
    false,
  )
})

test('[R56] every handshake has its own state of 256 random bits, and a short one is refused', async (t) => {
  const { gateway, client } = await setUp(t)
  const athClient = client()
  await athClient.register({ providers: oa, developer })
  const states = new Set<string>()
  for (let round = 0; round < 5; round++) {
    const handshake = await athClient.authorize({ provider: 'oa', scopes: ['oa:read'] })
    assert.equal(Buffer.from(handshake.state, 'base64url').length, 32)
    assert.equal(gateway.seen.at(-1)?.body['state'], handshake.state)
    states.add(handshake.state)
  }
  assert.equal(states.size, 5)
  await assert.rejects(
    athClient.authorize({ provider: 'oa', scopes: ['oa:read'], state: 'abc123' }),
    code('ARGUMENT_INVALID'),
  )
})

test('[C9] the placeholder code is sent where no code was delivered', async (t) => {
  const { gateway } = await setUpSession(t)
  const body = gateway.seen.find(({ step }) => step === 'token')?.body
  assert.equal(body?.['code'], 'ath-session')
})

test('[C20] status is asked with the secret, or with the key alone', async (t) => {
  const { gateway, client } = await setUp(t)
  const registered = client()
  await registered.register({ providers: oa, developer })
  assert.equal((await registered.status()).client_id, gateway.clientId)
  const keyOnly = client({ credentials: { clientId: gateway.clientId } })
  assert.equal((await keyOnly.status()).agent_status, 'approved')
  assert.equal(gateway.seen.at(-1)?.audience, gateway.url)
  assert.deepEqual(gateway.faults, [])
})

test('[C13] a registered agent that lost its secret gets a new one with its key', async (t) => {
  const { gateway, client } = await setUp(t)
  const athClient = client()
  gateway.next('register', (_request, response) => {
    response.writeHead(409, { 'content-type': 'application/json' })
    // The peer's gateway puts client_id beside the code, ours into details.
    response.end(
      JSON.stringify({ code: 'CONFLICT', message: 'exists', client_id: 'ath_test_client' }),
    )
  })
  const conflict = await athClient.register({ providers: oa, developer }).catch((e) => e)
  assert.equal(conflict.code, 'CONFLICT')
  assert.equal(conflict.details.client_id, 'ath_test_client')
  const before = gateway.clientSecret
  const fresh = await athClient.rotateSecret({ clientId: conflict.details.client_id })
  assert.notEqual(fresh.clientSecret, before)
  assert.deepEqual(athClient.credentials, fresh)
  assert.equal((await athClient.status()).agent_id, athClient.agentId)
  assert.deepEqual(gateway.faults, [])
})

test('[C18] revoke sends the credentials, and takes an answer without a body', async (t) => {
  const { gateway, session, athClient } = await setUpSession(t)
  await session.revoke()
  assert.deepEqual(gateway.seen.at(-1)?.body, {
    token: session.accessToken,
    client_id: gateway.clientId,
    client_secret: gateway.clientSecret,
  })
  assert.equal((await session.fetch('/x')).status, 401)
  gateway.next('revoke', (_request, response) => response.writeHead(204).end())
  await athClient.revoke('ath_tk_any')
})

test('[C12] a user token and further headers go with every request, and never replace ours', async (t) => {
  const { gateway, session } = await setUpSession(t, {
    userToken: 'user-1',
    headers: { 'x-tenant': 'blue', authorization: 'Bearer mine', 'X-ATH-Agent-ID': 'other' },
  })
  assert.equal((await session.fetch('/x')).status, 200)
  for (const { headers } of gateway.seen) {
    assert.equal(headers['x-ath-user-token'], 'user-1')
    assert.equal(headers['x-tenant'], 'blue')
  }
  const proxied = gateway.seen.at(-1)?.headers
  assert.equal(proxied?.authorization, `Bearer ${session.accessToken}`)
  assert.equal(proxied?.['x-ath-agent-id'], session.agentId)
})

test('without credentials nothing is sent', async (t) => {
  const { gateway, client } = await setUp(t)
  for (const attempt of [
    () => client().authorize({ provider: 'oa', scopes: ['oa:read'] }),
    () => client().status(),
    () => client().revoke('x'),
    () => client().rotateSecret(),
    () => client().token({ id: 'x', providerId: 'oa', scopes: ['a'] }),
  ])
    await assert.rejects(attempt, code('CREDENTIALS_MISSING'))
  assert.deepEqual(gateway.seen, [])
})

test('tokens are not shown when a session is printed or serialised', async (t) => {
  const { session } = await setUpSession(t)
  const { inspect } = await import('node:util')
  assert.equal(inspect(session).includes(session.accessToken), false)
  assert.equal(JSON.stringify(session).includes(session.accessToken), false)
})
