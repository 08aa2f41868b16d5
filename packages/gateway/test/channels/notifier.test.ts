import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createFakeSlack, createFakeTeams, type FakeBot, type FakeSlack } from '@sallyport/testing'
import { requestReference } from '@ath-protocol/server'
import type { ChannelConfig } from '../../src/config/channels.ts'
import { openChannelWorld, type WorldOptions } from './world.ts'

interface Both {
  readonly slack: FakeSlack
  readonly teams: FakeBot
}

/** Slack first, then Teams. */
async function open(t: TestContext, options: Partial<WorldOptions> = {}) {
  const slack = await createFakeSlack({
    botToken: 'xoxb-1',
    signingSecret: 's',
    people: [{ id: 'U1', teamId: 'T1', email: 'wang@corp.example' }],
  })
  const teams = await createFakeTeams()
  const channels: ChannelConfig[] = [
    {
      kind: 'slack',
      name: 'slack',
      baseUrl: slack.baseUrl,
      botToken: 'xoxb-1',
      signingSecret: 's',
    },
    { kind: 'teams', name: 'teams', webhookUrl: teams.webhookUrl },
  ]
  const world = await openChannelWorld({ channels, attemptMilliseconds: 300, ...options })
  slack.options.callbackUrl = world.callbackUrl('slack')
  t.after(async () => {
    await world.close()
    await slack.close()
    await teams.close()
  })
  const vendors: Both = { slack, teams }
  return Object.assign(world, vendors)
}

test('[D14] the first channel that takes a question is the only one', async (t) => {
  const { slack, teams, ask } = await open(t)
  await ask()
  assert.equal(slack.messages.length, 1)
  assert.equal(teams.messages.length, 0)
})

for (const mode of ['down', 'silent'] as const)
  test(`[U7] a vendor that is ${mode} is tried twice, then the next channel is asked, and both are recorded`, async (t) => {
    const world = await open(t)
    world.slack.mode = mode
    const consent = await world.ask()
    assert.equal(world.slack.calls, 2)
    assert.equal(world.teams.messages.length, 1)
    const [asked] = world.recorded('confirmation_requested')
    assert.equal(asked?.consent_id, requestReference(consent.id))
    assert.equal(asked?.evidence?.['channel'], 'teams')
    assert.match(String(asked?.evidence?.['before']), /^slack: unreachable/)
  })

test('somebody who has another id at the vendor now is found again, and the old id answers for nobody', async (t) => {
  const world = await open(t)
  await world.ask()
  const people = world.slack.options.people as { id: string; teamId: string; email: string }[]
  people.splice(0, 1, { id: 'U9', teamId: 'T1', email: 'wang@corp.example' })
  const consent = await world.ask()
  assert.equal(world.slack.messages.at(-1)?.to, 'U9')
  const message = world.slack.messages.at(-1)?.ts ?? ''
  await world.slack.press({ message, action: 'approve', by: 'U1' })
  assert.equal((await world.now(consent))?.decision, undefined)
  await world.slack.press({ message, action: 'approve' })
  assert.equal((await world.now(consent))?.decision?.approved, true)
})

test('a vendor that fails once is not given up', async (t) => {
  const world = await open(t)
  world.slack.mode = 'down'
  const asking = world.ask()
  while (world.slack.calls === 0) await new Promise(setImmediate)
  world.slack.mode = 'up'
  await asking
  assert.equal(world.slack.messages.length, 1)
  assert.equal(world.teams.messages.length, 0)
})

test('[U7] when every channel fails, that is recorded, nothing is allowed and the question waits', async (t) => {
  const world = await open(t)
  world.slack.mode = 'down'
  await world.teams.close()
  const consent = await world.ask()
  const [failed] = world.recorded('confirmation_undelivered')
  assert.equal(failed?.denial_reason, 'all_failed')
  const tried = failed?.evidence?.['tried']
  assert.ok(Array.isArray(tried) && tried.length === 2)
  const standing = await world.now(consent)
  assert.equal(standing?.decision, undefined)
  const { ports, wang, clock } = world
  const pending = await ports.consents.list({ userId: wang.id, pendingAt: clock.now() })
  assert.deepEqual(
    pending.map(({ id }) => id),
    [consent.id],
  )
  assert.ok(world.logs.some(({ event }) => event === 'confirmation_undelivered'))
})

test('somebody whom the first channel does not know is asked by the next', async (t) => {
  const world = await open(t)
  await world.ask({ userId: world.lin.id })
  assert.equal(world.slack.messages.length, 0)
  assert.equal(world.teams.messages.length, 1)
})

test('[U7] one agent cannot ring on, and leaves the other agents their share', async (t) => {
  const world = await open(t, { perAgent: { count: 3, perSeconds: 600 } })
  for (let count = 0; count < 5; count++) await world.ask()
  assert.equal(world.slack.messages.length, 3)
  await world.ask({ clientId: 'ath_another' })
  assert.equal(world.slack.messages.length, 4)
})

test('[U7] nobody is asked more than ten times in ten minutes by a message; the rest waits on the page and is recorded', async (t) => {
  const world = await open(t, { perPerson: { count: 10, perSeconds: 600 } })
  for (let count = 0; count < 12; count++) await world.ask()
  assert.equal(world.slack.messages.length, 10)
  const quiet = world.recorded('confirmation_undelivered')
  assert.deepEqual(
    quiet.map(({ denial_reason }) => denial_reason),
    ['asked_too_often', 'asked_too_often'],
  )
  await world.ask({ userId: world.lin.id })
  assert.equal(world.teams.messages.length, 1, 'others are still asked')
  world.clock.advance(600)
  await world.ask()
  assert.equal(world.slack.messages.length, 11)
})

test('an answer given while the message was on its way still replaces it', async (t) => {
  const world = await open(t)
  const { consents } = world.ports
  const { insert } = world.ports.consents
  Object.assign(consents, {
    insert: async (consent: Parameters<typeof insert>[0]) => {
      await insert(consent)
      await consents.decide(consent.id, {
        approved: true,
        userId: world.wang.id,
        scopes: consent.offered,
        lifetimeSeconds: 60,
        method: 'session',
        decidedAt: world.clock.now(),
      })
    },
  })
  await world.ask()
  await world.channels.idle()
  assert.match(world.slack.messages[0]?.text ?? '', /You allowed it/)
})

test('a vendor that is down when the question is settled is logged, and the answer stands', async (t) => {
  const world = await open(t)
  const consent = await world.ask()
  const pressing = world.slack.press({ message: world.slack.messages[0]?.ts ?? '', action: 'deny' })
  world.slack.mode = 'down'
  assert.equal((await pressing).status, 200)
  await world.channels.idle()
  assert.equal((await world.now(consent))?.decision?.approved, false)
  assert.ok(world.logs.some(({ event }) => event === 'confirmation_not_replaced'))
})

test('a question without a person, an answered one and an expired one are sent to nobody', async (t) => {
  const world = await open(t)
  const { clock, channels } = world
  const consent = await world.ask()
  const { userId: _, ...ofNobody } = consent
  await channels.notifier.ask(ofNobody)
  clock.advance(400)
  await channels.notifier.ask(consent)
  assert.equal(world.slack.messages.length, 1)
})

test('two questions at once to one person are two messages', async (t) => {
  const world = await open(t)
  await Promise.all([world.ask(), world.ask()])
  assert.equal(world.slack.messages.length, 2)
  assert.deepEqual(world.slack.faults, [])
})
