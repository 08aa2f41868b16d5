import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApprovalRule, decideApproval } from '../src/index.ts'
import { createNineStepWorld } from './nine-step-world.ts'
import { base, createBrowser, createWorld, exchange, start, travelId } from './world.ts'

const office = { access_time: '9:00-18:00' }
const outside = { reason: 'outside_hours', rule: 'access_time 9:00-18:00 UTC' }

test('[U13] outside its hours an agent gets no token by the two-phase handshake, and its handshake is not spent', async () => {
  const world = await createWorld({ restrictions: office })
  const agent = await world.addAgent(travelId)
  world.clock.advance(9 * 3600 - 60)
  const started = await start(world, agent, { scopes: ['oa:read'] })
  await createBrowser(world).answer(started.authorizationUrl)
  const early = await exchange(world, agent, started)
  assert.equal(early.status, 403)
  assert.equal(early.json.code, 'SCOPE_NOT_APPROVED')
  assert.deepEqual(early.json.details, outside)
  assert.equal(world.events.at(-1)?.denial_reason, 'restricted')
  world.clock.advance(60)
  const { status, json } = await exchange(world, agent, started)
  assert.equal(status, 200)
  world.clock.advance(9 * 3600 - 60)
  const renew = async (ip: string) =>
    world.send('POST', '/ath/token/renew', {
      ip,
      body: {
        client_id: started.clientId,
        client_secret: started.clientSecret,
        agent_attestation: await agent.attest({ audience: `${base}/ath/token/renew` }),
        token: json.access_token,
      },
    })
  // The grant of eight hours is over; a longer one is not.
  const [grant] = await world.ports.grants.list({})
  await world.ports.grants.confirm(grant?.id ?? '', world.clock.now() + 86_400)
  assert.equal((await renew('192.0.2.7')).status, 200)
  world.clock.advance(60)
  const late = await renew('192.0.2.7')
  assert.equal(late.status, 403)
  assert.deepEqual(late.json.details, outside)
})

test('[U13] outside its network an agent gets no token and renews none', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { scopes: ['oa:read'] })
  await createBrowser(world).answer(started.authorizationUrl)
  await world.ports.registry.update(started.clientId, {
    restrictions: { ip_whitelist: ['10.0.0.0/8'] },
  })
  const refused = await exchange(world, agent, started)
  assert.equal(refused.status, 403)
  assert.deepEqual(refused.json.details, {
    reason: 'outside_network',
    rule: 'ip_whitelist 10.0.0.0/8',
  })
})

test('[U13] step 9 and renewal wait for the hours of a session; a permission without hours keeps it going', async () => {
  const world = await createNineStepWorld()
  const evening = world.agent()
  world.clock.advance(8 * 3600 - 60)
  await world.upToGranted(evening, ['oa:read'])
  world.clock.advance(60)
  const refused = await evening.complete()
  assert.equal(refused.status, 403)
  assert.deepEqual(refused.json['details'], outside)
  assert.deepEqual(await world.nineStep.sessions.list({}), [])

  const day = await createNineStepWorld()
  day.clock.advance(4 * 3600)
  const [narrow, wide] = [day.agent(), day.agent()]
  for (const [agent, scopes] of [
    [narrow, ['oa:read']],
    [wide, ['oa:read', 'crm:write']],
  ] as const) {
    await day.upToGranted(agent, scopes)
    assert.equal((await agent.complete()).status, 200)
  }
  day.clock.advance(4 * 3600 - 1)
  assert.equal((await narrow.sessionRequest('token_refresh')).status, 200)
  day.clock.advance(1)
  const late = await narrow.sessionRequest('token_refresh')
  assert.equal(late.status, 403)
  assert.deepEqual(late.json['details'], outside)
  assert.equal((await wide.sessionRequest('token_refresh')).status, 200)
})

const rule: ApprovalRule = {
  name: 'office',
  match: { domain: 'agents.example.com' },
  decide: 'approve',
  allow: { oa: ['oa:read'] },
  restrictions: { ip_whitelist: ['10.0.0.0/8'] },
}

test('[U13] a registration keeps what its rule limits it to, also when an operator has to approve it again', async () => {
  const world = await createWorld({
    approvalRules: [{ ...rule, match: { agent: travelId } }],
    approvalLifetimeSeconds: 3600,
  })
  const agent = await world.addAgent(travelId)
  const { json } = await world.register(agent)
  const kept = () => world.ports.registry.findByClientId(json.client_id)
  assert.deepEqual((await kept())?.restrictions, { ip_whitelist: ['10.0.0.0/8'] })
  await world.ports.registry.update(json.client_id, { decidedBy: 'operator:chen' })
  world.clock.advance(3600)
  assert.equal((await world.register(agent)).json.agent_status, 'pending')
  assert.deepEqual((await kept())?.restrictions, { ip_whitelist: ['10.0.0.0/8'] })
})

test('[U4] a rule names a DID, the hosts of did:web, or all of one host, and no DID that only looks like it', () => {
  const decide = (match: ApprovalRule['match'], agentId: string) =>
    decideApproval(
      [{ ...rule, match }],
      { agentId, developerId: '', requested: [{ providerId: 'oa', scopes: ['oa:read'] }] },
      { unmatched: 'deny', lifetimeSeconds: 1, known: new Map([['oa', new Set(['oa:read'])]]) },
    ).status
  for (const [match, agentId, status] of [
    [{ agent: 'did:ath:office' }, 'did:ath:office', 'approved'],
    [{ agent: 'did:ath:office' }, 'did:ath:office2', 'denied'],
    [{ agent: 'did:web:a.example:*' }, 'did:web:a.example:office', 'approved'],
    [{ agent: 'did:web:a.example:*' }, 'did:web:a.example.evil.test:office', 'denied'],
    [{ agent: 'did:web:a.example:*' }, 'did:web:a.example%3A8443:office', 'denied'],
    [{ agent: 'https://a.example/*' }, 'did:web:a.example', 'denied'],
    [{ domain: 'a.example' }, 'did:web:a.example:office', 'approved'],
    [{ domain: '*.example' }, 'did:web:a.example', 'approved'],
    [{ domain: 'a.example' }, 'did:web:b.example:a.example', 'denied'],
    [{ domain: 'a.example' }, 'did:ath:a.example', 'denied'],
    [{ domain: '*.example' }, 'did:ath:x.example', 'denied'],
    [{ domain: 'a.example' }, 'https://a.example/.well-known/agent.json', 'approved'],
  ] as const)
    assert.equal(decide(match, agentId), status, `${JSON.stringify(match)} ${agentId}`)
})
