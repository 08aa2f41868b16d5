import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApprovalRule } from '../src/index.ts'
import { base, createWorld, start, travelId } from './world.ts'

test('[R8] [R9] [R10] [R11] [R15] [C21] discovery is public and lists exactly what is configured', async () => {
  const world = await createWorld()
  const seen = await world.send('GET', '/.well-known/ath.json')
  assert.equal(seen.status, 200)
  assert.equal(seen.json.ath_version, '0.1')
  assert.equal(seen.json.gateway_id, base)
  assert.equal(seen.json.agent_registration_endpoint, `${base}/ath/agents/register`)
  assert.deepEqual(
    seen.json.supported_providers.map(
      ({ provider_id, auth_mode, agent_approval_required, available_scopes }) => ({
        provider_id,
        auth_mode,
        agent_approval_required,
        available_scopes,
      }),
    ),
    [
      {
        provider_id: 'oa',
        auth_mode: 'GATEWAY_CONSENT',
        agent_approval_required: true,
        available_scopes: ['oa:read', 'oa:write', 'oa:delete'],
      },
      {
        provider_id: 'crm',
        auth_mode: 'OAUTH2',
        agent_approval_required: true,
        available_scopes: ['crm:read', 'crm:write'],
      },
    ],
  )
})

test('[R40] [R41] [R42] [R43] [R48] [C22] [C23] an agent is approved in part and gets its credentials with 201', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const seen = await world.register(agent, {
    requested_providers: [{ provider_id: 'oa', scopes: ['oa:read', 'oa:delete'] }],
  })
  assert.equal(seen.status, 201)
  assert.match(seen.json.client_id, /^ath_[A-Za-z0-9_-]{22}$/)
  assert.match(seen.json.client_secret, /^ath_secret_[A-Za-z0-9_-]{43}$/)
  assert.equal(seen.json.agent_status, 'approved')
  assert.deepEqual(seen.json.approved_providers, [
    {
      provider_id: 'oa',
      approved_scopes: ['oa:read'],
      denied_scopes: ['oa:delete'],
      denial_reason: 'the travel agent needs no more',
    },
  ])
  assert.equal(
    new Date(seen.json.approval_expires).getTime() / 1000,
    world.clock.now() + 90 * 86_400,
  )
  assert.deepEqual(world.events.at(-1), {
    ip: '192.0.2.7',
    event: 'agent_registered',
    outcome: 'allowed',
    reached: 'mint',
    agent_id: travelId,
    client_id: seen.json.client_id,
    requested_scopes: ['oa/oa:read', 'oa/oa:delete'],
    effective_scopes: ['oa/oa:read'],
    denied_scopes: ['oa/oa:delete'],
    decided_by: 'rule:travel',
    denial_reason: undefined,
  })
})

test('[C22] an agent that no rule matches is held with 201, one that a rule bans is denied with 201', async () => {
  const world = await createWorld()
  const held = await world.register(
    await world.addAgent('https://new.example/.well-known/agent.json'),
  )
  assert.equal(held.status, 201)
  assert.equal(held.json.agent_status, 'pending')
  assert.deepEqual(held.json.approved_providers[0]?.approved_scopes, [])
  const banned = await world.register(
    await world.addAgent('https://a.banned.example/.well-known/agent.json'),
  )
  assert.equal(banned.status, 201)
  assert.equal(banned.json.agent_status, 'denied')
  assert.equal(world.events.at(-1)?.event, 'agent_registration_denied')
})

test('[R45] [C13] a second registration answers 409, and only to whoever holds the key', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const first = await world.register(agent)
  const again = await world.register(agent)
  assert.equal(again.status, 409)
  assert.equal(again.json.code, 'CONFLICT')
  assert.equal(again.json.details.client_id, first.json.client_id)
  const thief = await world.register(agent, { agent_attestation: 'a.b.c' })
  assert.equal(thief.status, 401)
  assert.equal(thief.json.code, 'INVALID_ATTESTATION')
})

test('[R45] of twenty registrations at once exactly one gets credentials', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const all = await Promise.all(Array.from({ length: 20 }, () => world.register(agent)))
  assert.equal(all.filter(({ status }) => status === 201).length, 1)
  assert.equal(all.filter(({ status }) => status === 409).length, 19)
})

test('[R50] an approval that ran out may be registered anew, with the same client and a new secret', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const first = await world.register(agent)
  world.clock.advance(90 * 86_400 + 1)
  const renewed = await world.register(agent)
  assert.equal(renewed.status, 201)
  assert.equal(renewed.json.client_id, first.json.client_id)
  assert.notEqual(renewed.json.client_secret, first.json.client_secret)
  assert.ok(world.live.includes(`agent ${first.json.client_id}`))
})

test('an agent that no rule matched is decided about when it comes again after a rule was written, and not before', async () => {
  const rules: ApprovalRule[] = []
  const world = await createWorld({ approvalRules: rules })
  const agent = await world.addAgent(travelId)
  const first = await world.register(agent)
  assert.equal(first.json.agent_status, 'pending')
  assert.equal((await world.register(agent)).status, 409)
  rules.push({
    name: 'later',
    match: { agent: travelId },
    decide: 'approve',
    allow: { oa: ['oa:read'] },
  })
  const again = await world.register(agent)
  assert.equal(again.status, 201)
  assert.equal(again.json.client_id, first.json.client_id)
  assert.equal(again.json.agent_status, 'approved')
  assert.notEqual(again.json.client_secret, first.json.client_secret)
  assert.equal((await world.register(agent)).status, 409)
})

test('[R36] an attestation about another agent registers nobody', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const other = await world.addAgent('https://other.example/.well-known/agent.json')
  const seen = await world.register(agent, {
    agent_attestation: await other.attest({ audience: base }),
  })
  assert.equal(seen.status, 403)
  assert.equal(seen.json.code, 'AGENT_IDENTITY_MISMATCH')
  assert.equal(world.events.at(-1)?.event, 'attestation_failed')
  assert.equal((await world.ports.registry.list()).length, 0)
})

test('[R38] [C4] the attestation may name the base, the base with a slash, or the endpoint, and nothing else', async () => {
  for (const audience of [base, `${base}/`, `${base}/ath/agents/register`]) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const seen = await world.register(agent, {
      agent_attestation: await agent.attest({ audience }),
    })
    assert.equal(seen.status, 201, audience)
  }
  for (const audience of [`${base}/ath/token`, 'https://other.example', `${base}.evil.example`]) {
    const world = await createWorld()
    const agent = await world.addAgent(travelId)
    const seen = await world.register(agent, {
      agent_attestation: await agent.attest({ audience }),
    })
    assert.equal(seen.status, 401, audience)
  }
})

test('[R33] [R34] one attestation registers once', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const agent_attestation = await agent.attest({ audience: base })
  assert.equal((await world.register(agent, { agent_attestation })).status, 201)
  const replayed = await world.register(agent, { agent_attestation })
  assert.equal(replayed.status, 401)
  assert.equal(replayed.json.details.reason, 'replayed')
})

test('[C15] [R111] a malformed body names every field, in the ATH error shape', async () => {
  const world = await createWorld()
  const empty = await world.send('POST', '/ath/agents/register', { body: {} })
  assert.equal(empty.status, 400)
  assert.equal(empty.json.code, 'INVALID_ATTESTATION')
  const broken = await world.send('POST', '/ath/agents/register', { body: '{"agent_id":' })
  assert.equal(broken.status, 400)
  assert.equal(broken.json.code, 'INVALID_REQUEST')
  const wrong = await world.send('POST', '/ath/agents/register', {
    body: { agent_id: 'nonsense', agent_attestation: 'x', developer: {}, requested_providers: [] },
  })
  assert.equal(wrong.status, 400)
  assert.deepEqual(
    wrong.json.details.errors?.map(({ path }) => path),
    ['agent_id', 'developer.name', 'developer.id', 'requested_providers'],
  )
  const form = await world.send('POST', '/ath/agents/register', {
    body: 'a=b',
    headers: { 'content-type': 'text/plain' },
  })
  assert.equal(form.status, 415)
})

test('[R51] [R52] [R53] [R54] [C20] an agent sees its own registration and nobody else learns anything', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent)
  const path = `/ath/agents/${json.client_id}`
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })
  const own = await world.send('GET', path, { headers: basic(json.client_id, json.client_secret) })
  assert.equal(own.status, 200)
  assert.equal(own.json.agent_id, travelId)
  assert.equal(own.json.agent_status, 'approved')
  assert.equal(own.json.purpose, 'read approvals')
  assert.ok(own.json.registered_at && own.json.approval_expires)
  assert.ok(!own.body.includes('secret'))
  for (const name of ['x-ath-agent-attestation', 'authorization']) {
    const jwt = await agent.attest({ audience: name === 'authorization' ? `${base}${path}` : base })
    const headers = { [name]: name === 'authorization' ? `Attestation ${jwt}` : jwt }
    assert.equal((await world.send('GET', path, { headers })).status, 200, name)
  }
  assert.equal((await world.send('GET', path)).status, 401)
  assert.equal(
    (await world.send('GET', path, { headers: basic(json.client_id, 'wrong') })).status,
    401,
  )
  assert.equal(
    (await world.send('GET', path, { headers: basic('ath_nobody', 'wrong') })).status,
    401,
  )
  const other = await world.addAgent('https://other.example/.well-known/agent.json')
  const theirs = (await world.register(other)).json
  const foreign = await world.send('GET', path, {
    headers: basic(theirs.client_id, theirs.client_secret),
  })
  const unknown = await world.send('GET', '/ath/agents/ath_unknown', {
    headers: basic(theirs.client_id, theirs.client_secret),
  })
  assert.equal(foreign.status, 404)
  assert.deepEqual({ ...foreign.json, instance: '' }, { ...unknown.json, instance: '' })
})

test('[C13] [R121] whoever holds the key rotates the secret; the old one ends at once, or after the overlap', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent)
  const status = async (secret: string) =>
    (
      await world.send('GET', `/ath/agents/${json.client_id}`, {
        headers: {
          authorization: `Basic ${Buffer.from(`${json.client_id}:${secret}`).toString('base64')}`,
        },
      })
    ).status
  const audience = `${base}/ath/agents/${json.client_id}/secret`
  const rotate = async (overlap_seconds?: number) =>
    world.send('POST', `/ath/agents/${json.client_id}/secret`, {
      body: { agent_attestation: await agent.attest({ audience }), overlap_seconds },
    })
  const second = (await rotate()).json.client_secret
  assert.equal(await status(json.client_secret), 401)
  assert.equal(await status(second), 200)
  const third = (await rotate(60)).json.client_secret
  assert.equal(await status(second), 200)
  assert.equal(await status(third), 200)
  world.clock.advance(61)
  assert.equal(await status(second), 401)
  const other = await world.addAgent('https://other.example/.well-known/agent.json')
  const theft = await world.send('POST', `/ath/agents/${json.client_id}/secret`, {
    body: { agent_attestation: await other.attest({ audience }) },
  })
  assert.equal(theft.status, 404)
  assert.equal(await status(third), 200)
})

test('[R106] an unknown method on a known address says which are allowed', async () => {
  const world = await createWorld()
  const seen = await world.send('DELETE', '/ath/token')
  assert.equal(seen.status, 405)
  assert.equal(seen.headers['allow'], 'POST')
})

test('[R1] [R49] a suspended agent is refused at authorize and token although the user says yes', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  await world.ports.registry.update(started.clientId, { status: 'suspended' })
  const seen = await world.send('POST', '/ath/authorize', {
    body: {
      client_id: started.clientId,
      agent_attestation: await agent.attest({ audience: base }),
      provider_id: 'oa',
      scopes: ['oa:read'],
      state: 'abc123',
    },
  })
  assert.equal(seen.status, 403)
  assert.equal(seen.json.code, 'AGENT_UNAPPROVED')
})
