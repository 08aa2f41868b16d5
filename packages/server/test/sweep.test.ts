import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplePreAuthorization, sampleUpstreamLeg } from '@sallyport/testing'
import { InMemoryReplayStore, sweep } from '../src/index.ts'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'

const sweepOf = (world: NineStepWorld) => sweep(world.ports, new InMemoryReplayStore())

async function asked(world: NineStepWorld) {
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  assert.equal((await agent.request(await world.credential(), ['oa:read'])).status, 202)
  return { agent, consent: world.asked.at(-1) }
}

test('[U7] a question that nobody answered in time is replaced in its channels, once', async () => {
  const world = await createNineStepWorld()
  const { consent } = await asked(world)
  assert.ok(consent)
  await sweepOf(world)
  assert.deepEqual(world.settled, [])
  world.clock.advance(consent.expiresAt - world.clock.now())
  await sweepOf(world)
  await sweepOf(world)
  assert.deepEqual(world.settled, [consent])
})

test('[U7] an answered question is not said to have expired', async () => {
  const world = await createNineStepWorld()
  await asked(world)
  assert.ok((await world.answer()).ok)
  const told = world.settled.length
  world.clock.advance(1000)
  await sweepOf(world)
  assert.equal(world.settled.length, told)
})

test('what a person allowed ends by itself when the agent never completes the handshake', async () => {
  const world = await createNineStepWorld()
  await world.upToGranted(world.agent(), ['oa:read'])
  const live = () => world.ports.grants.list({ userId: 'usr_wang', liveAt: world.clock.now() })
  assert.equal((await live()).length, 1)
  world.clock.advance(3600)
  await sweepOf(world)
  assert.deepEqual(await live(), [])
})

test('everything that expired is forgotten in the end', async () => {
  const world = await createNineStepWorld()
  const { consent } = await asked(world)
  const handshakeId = consent?.handshake.id ?? ''
  const now = world.clock.now()
  const leg = sampleUpstreamLeg({ expiresAt: now + 300 })
  const credential = samplePreAuthorization({ expiresAt: now + 300 })
  await world.nineStep.legs.insert(leg)
  await world.nineStep.preAuthorizations.ensure(credential)
  assert.equal(await world.nineStep.replay.claim('did:ath:a', 'nonce', now + 300), true)
  world.clock.advance(301)
  await sweepOf(world)
  assert.equal(await world.nineStep.legs.take(leg.stateHash), undefined)
  assert.equal(await world.nineStep.replay.claim('did:ath:a', 'nonce', now + 600), true)
  assert.ok(await world.nineStep.handshakes.find(handshakeId), 'an expired one can still say so')
  world.clock.advance(2 * 86_400)
  await sweepOf(world)
  assert.equal(await world.nineStep.handshakes.find(handshakeId), undefined)
  assert.equal(await world.ports.consents.findByHandshake(handshakeId), undefined)
  assert.deepEqual(await world.nineStep.preAuthorizations.list(credential.userId), [])
})
