import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleDecision } from '@sallyport/testing'
import { createNineStepWorld } from './nine-step-world.ts'

/** A handshake whose question was answered, of which the gateway wrote down the answer and then ended. */
async function answeredAndKilled(approved: boolean) {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  assert.equal((await agent.request(await world.credential(), ['oa:read'])).status, 202)
  const consent = world.asked.at(-1)
  assert.ok(consent)
  const decidedAt = world.clock.now()
  const scopes = approved ? consent.offered : []
  const decision = sampleDecision({ approved, scopes, lifetimeSeconds: 600, decidedAt })
  assert.ok(await world.ports.consents.decide(consent.id, decision))
  return { world, agent, handshakeId: consent.handshake.id }
}

test('[U12] an answer that was written down counts after a crash: the next poll goes on with it', async () => {
  const { world, agent } = await answeredAndKilled(true)
  assert.equal((await agent.poll()).status, 202)
  world.clock.advance(6)
  const { status, json } = await agent.poll()
  assert.equal(status, 200)
  assert.deepEqual(json['scopes_granted'], ['oa:read'])
  assert.equal(json['ttl_granted'], 600)
  assert.equal((await world.ports.grants.list({ userId: 'usr_wang' })).length, 1)
})

test('[U14] the same for a denial', async () => {
  const { world, agent } = await answeredAndKilled(false)
  world.clock.advance(6)
  const { status, json } = await agent.poll()
  assert.equal(status, 200)
  assert.deepEqual(json['scopes_granted'], [])
})

test('of many polls that go on at once one counts: there is one result and one live grant', async () => {
  const { world, agent } = await answeredAndKilled(true)
  world.clock.advance(6)
  await Promise.all(Array.from({ length: 20 }, () => agent.poll()))
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['oa:read'])
  const now = world.clock.now()
  assert.equal((await world.ports.grants.list({ userId: 'usr_wang', liveAt: now })).length, 1)
})

test('a crash between the grants and the result is made good too', async () => {
  const { world, agent, handshakeId } = await answeredAndKilled(true)
  const handshake = await world.nineStep.handshakes.find(handshakeId)
  assert.ok(handshake?.clientId !== undefined && handshake.agentId !== undefined)
  const grant = {
    id: 'gnt_before_the_crash',
    clientId: handshake.clientId,
    agentId: handshake.agentId,
    userId: 'usr_wang',
    userSource: 'login',
    providerId: 'oa',
    scopes: ['oa:read'],
    createdAt: world.clock.now(),
    expiresAt: handshake.expiresAt,
  } as const
  await world.ports.grants.insert(grant)
  await world.nineStep.handshakes.advance(handshakeId, 'allow', world.clock.now(), {
    userId: 'usr_wang',
    grantLifetimeSeconds: 600,
    grants: [{ grantId: grant.id, providerId: 'oa' }],
  })
  world.clock.advance(6)
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['oa:read'])
})
