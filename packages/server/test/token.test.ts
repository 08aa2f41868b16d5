import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSecret, sweep } from '../src/index.ts'
import { InMemoryReplayStore } from '../src/memory/replay-store.ts'
import { base, createBrowser, createWorld, exchange, start, travelId, type World } from './world.ts'

async function consented(world: World, request: Parameters<typeof start>[2] = {}) {
  const agent = world.agents.get(travelId) ?? (await world.addAgent(travelId))
  const started = await start(world, agent, request)
  await createBrowser(world).answer(started.authorizationUrl)
  return { agent, started }
}

test('[R1] [R78] [R83] [R84] [R86] [R87] [R88] [R90] [C23] [C26] both said yes: one token for the intersection, bound to agent, user and provider', async () => {
  const world = await createWorld()
  world.decide = () => ({
    kind: 'approve',
    userId: 'usr_wang',
    scopes: [{ providerId: 'oa', name: 'oa:read' }],
    lifetimeSeconds: 28_800,
    method: 'session',
  })
  const { agent, started } = await consented(world, { scopes: ['oa:read', 'oa:write'] })
  const seen = await exchange(world, agent, started)
  assert.equal(seen.status, 200)
  assert.match(seen.json.access_token, /^ath_tk_[A-Za-z0-9_-]{43}$/)
  assert.equal(seen.json.token_type, 'Bearer')
  assert.equal(seen.json.expires_in, 3600)
  assert.deepEqual(seen.json.effective_scopes, ['oa:read'])
  assert.equal(seen.json.provider_id, 'oa')
  assert.equal(seen.json.agent_id, travelId)
  assert.deepEqual(seen.json.scope_intersection, {
    agent_approved: ['oa:read', 'oa:write'],
    user_consented: ['oa:read'],
    effective: ['oa:read'],
  })
  const record = await world.ports.tokens.find(hashSecret(seen.json.access_token))
  assert.equal(record?.agentId, travelId)
  assert.equal(record?.userId, 'usr_wang')
  assert.equal(record?.providerId, 'oa')
  assert.deepEqual(record?.scopes, ['oa:read'])
  const granted = world.events.at(-1)
  assert.equal(granted?.event, 'access_granted')
  assert.deepEqual(granted?.denied_scopes, ['oa:write'])
})

test('[C10] polling before the answer is pending, and not recorded', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  const before = world.events.length
  const seen = await exchange(world, agent, started)
  assert.equal(seen.status, 400)
  assert.equal(seen.json.code, 'SESSION_NOT_FOUND')
  assert.equal(seen.json.details.reason, 'authorization_pending')
  assert.equal(world.events.length, before)
})

test('[R76] [R112] [C10] a denial is 403 USER_DENIED, on our page and upstream alike', async () => {
  const world = await createWorld()
  world.decide = () => ({ kind: 'deny', userId: 'usr_wang' })
  const { agent, started } = await consented(world)
  const seen = await exchange(world, agent, started)
  assert.equal(seen.status, 403)
  assert.equal(seen.json.code, 'USER_DENIED')
})

test('[R66] [R81] a handshake older than ten minutes gives no token, whether answered or not', async () => {
  for (const answered of [true, false]) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const started = await start(world, agent)
    if (answered) await createBrowser(world).answer(started.authorizationUrl)
    world.clock.advance(600)
    const seen = await exchange(world, agent, started)
    assert.equal(seen.status, 400)
    assert.equal(seen.json.code, 'SESSION_EXPIRED')
    const page = await createBrowser(world).visit('GET', started.authorizationUrl)
    assert.equal(page.body, 'notice expired')
  }
})

test('[R67] [R82] a handshake is spent once, also by twenty exchanges at once', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const all = await Promise.all(Array.from({ length: 20 }, () => exchange(world, agent, started)))
  assert.equal(all.filter(({ status }) => status === 200).length, 1)
  for (const seen of all) if (seen.status !== 200) assert.equal(seen.json.code, 'SESSION_NOT_FOUND')
})

test('[C16] [C17] token checks shape, client, secret, attestation, sub, then session', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const other = await world.addAgent('https://other.example/.well-known/agent.json')
  const cases: readonly (readonly [object, number, string])[] = [
    [{ client_id: undefined }, 400, 'AGENT_NOT_REGISTERED'],
    [{ client_secret: undefined }, 400, 'AGENT_NOT_REGISTERED'],
    [{ agent_attestation: undefined }, 400, 'INVALID_ATTESTATION'],
    [{ grant_type: 'client_credentials' }, 400, 'INVALID_REQUEST'],
    [{ client_id: 'ath_nobody' }, 403, 'AGENT_NOT_REGISTERED'],
    [{ client_secret: 'wrong', agent_attestation: 'dummy' }, 401, 'AGENT_NOT_REGISTERED'],
    [{ agent_attestation: 'dummy', ath_session_id: 'ath_sess_no' }, 401, 'INVALID_ATTESTATION'],
    [
      { agent_attestation: await other.attest({ audience: `${base}/ath/token` }) },
      403,
      'AGENT_IDENTITY_MISMATCH',
    ],
    [{ ath_session_id: 'ath_sess_no' }, 400, 'SESSION_NOT_FOUND'],
  ]
  for (const [changes, status, code] of cases) {
    const seen = await exchange(world, agent, started, changes)
    assert.equal(seen.status, status, JSON.stringify(changes))
    assert.equal(seen.json.code, code, JSON.stringify(changes))
  }
  assert.equal((await exchange(world, agent, started)).status, 200)
})

test('[R37] [R80] [C5] at the token endpoint only its own URL is an audience', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const withBase = await exchange(world, agent, started, {
    agent_attestation: await agent.attest({ audience: base }),
  })
  assert.equal(withBase.status, 401)
  const legacy = await createWorld({ legacyTokenAudience: true })
  const old = await consented(legacy)
  const taken = await exchange(legacy, old.agent, old.started, {
    agent_attestation: await old.agent.attest({ audience: base }),
  })
  assert.equal(taken.status, 200)
})

test('[R39] the attestation of authorize does not serve at token', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const stale = await agent.attest({ audience: `${base}/ath/token` })
  assert.equal(
    (await exchange(world, agent, started, { agent_attestation: stale, ath_session_id: 'x' }))
      .status,
    400,
  )
  const replayed = await exchange(world, agent, started, { agent_attestation: stale })
  assert.equal(replayed.status, 401)
  assert.equal(replayed.json.details.reason, 'replayed')
})

test('[R89] another agent cannot fetch the token of this handshake', async () => {
  const world = await createWorld()
  const { started } = await consented(world)
  const other = await world.addAgent('https://two.travel.agents.example.com/.well-known/agent.json')
  const { json } = await world.register(other)
  await world.ports.registry.update(json.client_id, { status: 'approved' })
  const seen = await exchange(world, other, {
    ...started,
    clientId: json.client_id,
    clientSecret: json.client_secret,
  })
  assert.equal(seen.status, 400)
  assert.equal(seen.json.code, 'SESSION_NOT_FOUND')
})

test('[R85] an empty intersection gives no token and ends the grant', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  await world.ports.registry.update(started.clientId, {
    approvals: [{ provider_id: 'oa', approved_scopes: ['oa:write'], denied_scopes: [] }],
  })
  const seen = await exchange(world, agent, started)
  assert.equal(seen.status, 403)
  assert.equal(seen.json.code, 'SCOPE_NOT_APPROVED')
  assert.equal((await world.ports.grants.list({ liveAt: world.clock.now() })).length, 0)
  assert.equal((await exchange(world, agent, started)).json.code, 'SESSION_NOT_FOUND')
})

test('[R79] [C14] the token endpoint takes JSON and form bodies, and a doubled form field is refused', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const fields = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: started.clientId,
    client_secret: started.clientSecret,
    agent_attestation: await agent.attest({ audience: `${base}/ath/token` }),
    code: 'code',
    ath_session_id: started.sessionId,
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const doubled = await world.send('POST', '/ath/token', { body: `${fields}&client_id=x`, headers })
  assert.equal(doubled.status, 400)
  assert.equal((await world.send('POST', '/ath/token', { body: `${fields}`, headers })).status, 200)
})

test('[R72] [R75] [R97] [C24] through OAuth: the provider tokens stay here, for the scopes left ticked, and the user is the one signed in', async () => {
  const world = await createWorld()
  world.decide = () => ({
    kind: 'approve',
    userId: 'usr_wang',
    scopes: [{ providerId: 'crm', name: 'crm:write' }],
    lifetimeSeconds: 600,
    method: 'session',
  })
  const { agent, started } = await consented(world, {
    provider: 'crm',
    scopes: ['crm:read', 'crm:write'],
  })
  const seen = await exchange(world, agent, started)
  assert.equal(seen.status, 200)
  assert.deepEqual(seen.json.effective_scopes, ['crm:write'])
  const record = await world.ports.tokens.find(hashSecret(seen.json.access_token))
  const grant = await world.ports.grants.find(record?.grantId ?? '')
  assert.equal(grant?.userSource, 'login')
  const tokens = await world.ports.providerTokens.find(grant?.id ?? '')
  assert.deepEqual(tokens?.scopes, ['crm.write'])
  assert.ok(tokens && !seen.body.includes(tokens.accessToken))
})

test('[R103] [R104] [R107] [R108] [R109] [R110] [C18] an agent ends its own token: grant, provider tokens and live state go with it', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world, { provider: 'crm', scopes: ['crm:read'] })
  const { json } = await exchange(world, agent, started)
  const hash = hashSecret(json.access_token)
  const grantId = (await world.ports.tokens.find(hash))?.grantId ?? ''
  const credentials = { client_id: started.clientId, client_secret: started.clientSecret }
  const revoke = (body: object) => world.send('POST', '/ath/revoke', { body })
  const seen = await revoke({ token: json.access_token, ...credentials })
  assert.equal(seen.status, 200)
  assert.equal(seen.json.message, 'Token revoked')
  assert.ok((await world.ports.tokens.find(hash))?.revokedAt)
  assert.ok((await world.ports.grants.find(grantId))?.revokedAt)
  assert.ok(world.live.includes(`token ${hash}`))
  assert.ok(world.live.includes(`grant ${grantId}`))
  assert.equal(world.revokedUpstream.length, 1)
  assert.equal(await world.ports.providerTokens.find(grantId), undefined)
  assert.ok(world.events.some(({ event }) => event === 'token_revoked'))
  assert.equal((await revoke({ token: json.access_token, ...credentials })).status, 200)
  assert.equal((await revoke({ token: 'ath_tk_unknown', ...credentials })).status, 200)
})

test('[R104] [R105] [R106] [C18] revocation asks who you are: 400, 401 and 403 as peers expect, never 200 for nobody', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const { json } = await exchange(world, agent, started)
  const other = await world.addAgent('https://other.example/.well-known/agent.json')
  const theirs = (await world.register(other)).json
  world.signedIn = undefined
  const token = json.access_token
  const cases: readonly (readonly [object, number, string])[] = [
    [{}, 400, 'TOKEN_INVALID'],
    [{ token }, 401, 'AGENT_NOT_REGISTERED'],
    [{ token, client_id: started.clientId }, 400, 'AGENT_NOT_REGISTERED'],
    [{ token, client_id: started.clientId, client_secret: 'wrong' }, 401, 'AGENT_NOT_REGISTERED'],
    [
      { token, client_id: theirs.client_id, client_secret: theirs.client_secret },
      403,
      'AGENT_IDENTITY_MISMATCH',
    ],
  ]
  for (const [body, status, code] of cases) {
    const seen = await world.send('POST', '/ath/revoke', { body })
    assert.equal(seen.status, status, JSON.stringify(Object.keys(body)))
    assert.equal(seen.json.code, code)
  }
  world.signedIn = 'usr_li'
  assert.equal((await world.send('POST', '/ath/revoke', { body: { token } })).status, 403)
  assert.equal((await world.ports.tokens.find(hashSecret(token)))?.revokedAt, undefined)
  world.signedIn = 'usr_wang'
  assert.equal((await world.send('POST', '/ath/revoke', { body: { token } })).status, 200)
  assert.ok((await world.ports.tokens.find(hashSecret(token)))?.revokedAt)
})

test('provider tokens go back upstream when the agent never fetched its token, and when the grant ran out', async () => {
  const world = await createWorld()
  await consented(world, { provider: 'crm', scopes: ['crm:read'] })
  world.clock.advance(601)
  await sweep(world.ports, new InMemoryReplayStore())
  assert.equal(world.revokedUpstream.length, 1)
  assert.deepEqual(await world.ports.providerTokens.listGrantIds(), [])
})

test('[R111] nothing is answered that could not be recorded', async () => {
  const world = await createWorld()
  const { agent, started } = await consented(world)
  const broken = {
    ...world.ports.audit,
    settled: async () => Promise.reject(new Error('disk full')),
  }
  Object.assign(world.ports, { audit: broken })
  const seen = await exchange(world, agent, started)
  assert.equal(seen.status, 503)
  assert.ok(!seen.body.includes('ath_tk_'))
})
