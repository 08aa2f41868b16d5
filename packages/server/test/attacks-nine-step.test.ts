import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNineStepWorld } from './nine-step-world.ts'

test('[D13] [D19] no credential of a key alone stands for the person where a yes needs a passkey', async () => {
  const world = await createNineStepWorld({
    config: { passkeyFrom: 'medium' },
    nineStep: { confirmation: 'unless_covered' },
  })
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const asked = await agent.request(await world.credential(), ['oa:write'])
  assert.equal(asked.status, 202, JSON.stringify(asked.json))

  const easy = world.agent()
  await easy.greet()
  await easy.identify()
  const covered = await easy.request(await world.credential(), ['oa:read'])
  assert.equal(covered.status, 200, JSON.stringify(covered.json))
})

test('[U3] a greeting is kept no longer than it can honestly be', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  const stuffed = await agent.greet({ filling: 'x'.repeat(60_000) })
  assert.equal(stuffed.status, 400, JSON.stringify(stuffed.json))
  assert.equal((await world.agent().greet({ comment: 'x'.repeat(1000) })).status, 200)
})
