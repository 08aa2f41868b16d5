import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSecret, sweep } from '../src/index.ts'
import { InMemoryReplayStore } from '../src/memory/replay-store.ts'
import { createBrowser, createWorld, exchange, start, travelId } from './world.ts'

const dayAndHalf = 129_600

async function obtain(changes: Parameters<typeof createWorld>[0]) {
  const world = await createWorld(changes)
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  await createBrowser(world).answer(started.authorizationUrl)
  const { status, json } = await exchange(world, agent, started)
  assert.equal(status, 200)
  const hash = hashSecret(json.access_token)
  const token = await world.ports.tokens.find(hash)
  const grant = await world.ports.grants.find(token?.grantId ?? '')
  assert.ok(token && grant)
  return { world, agent, started, hash, token, grant, expiresIn: json.expires_in }
}

test('[R50] neither a token nor its grant outlives the approval, and then the provider’s tokens are given back', async () => {
  const { world, grant, token, expiresIn } = await obtain({ approvalLifetimeSeconds: 1800 })
  assert.equal(expiresIn, 1800)
  const end = world.clock.now() + 1800
  assert.equal(token.expiresAt, end)
  assert.equal(grant.expiresAt, end)
  world.clock.advance(1799)
  await sweep(world.ports, new InMemoryReplayStore())
  assert.deepEqual(await world.ports.providerTokens.listGrantIds(), [grant.id])
  world.clock.advance(1)
  await sweep(world.ports, new InMemoryReplayStore())
  assert.deepEqual(await world.ports.providerTokens.listGrantIds(), [])
  assert.equal(world.revokedUpstream.length, 1)
})

test('[R50] what people allowed under an approval that was cut short does not come back with the next one', async () => {
  const { world, agent, started, hash, grant } = await obtain({})
  // An operator approves for less than what was left of the token.
  await world.ports.registry.update(started.clientId, {
    approvalExpiresAt: world.clock.now() + 60,
  })
  world.clock.advance(60)
  const renewed = await world.register(agent)
  assert.equal(renewed.status, 201)
  assert.equal(renewed.json.client_id, started.clientId)
  assert.equal(renewed.json.agent_status, 'approved')
  assert.ok((await world.ports.tokens.find(hash))?.revokedAt)
  assert.ok((await world.ports.grants.find(grant.id))?.revokedAt)
  assert.ok(world.live.includes(`grant ${grant.id}`))
  assert.equal(world.revokedUpstream.length, 1)
})

test('[R1] [R58] nobody is asked for an agent that the service stopped meanwhile', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent)
  await world.ports.registry.update(started.clientId, { status: 'suspended' })
  const opened = await createBrowser(world).visit('GET', started.authorizationUrl)
  assert.equal(opened.status, 403)
  assert.ok(!opened.body.includes('consent page'))
  await world.ports.registry.update(started.clientId, { status: 'approved' })
  const again = await createBrowser(world).visit('GET', started.authorizationUrl)
  assert.equal(again.status, 200)
  assert.ok(again.body.includes('consent page'))
})

test('the provider’s tokens are given back when a grant ran out', async () => {
  const { world, grant } = await obtain({ grantLifetimeSeconds: dayAndHalf })
  world.clock.advance(28_800)
  await sweep(world.ports, new InMemoryReplayStore())
  assert.ok((await world.ports.grants.find(grant.id))?.revokedAt)
  assert.equal(world.revokedUpstream.length, 1)
})
