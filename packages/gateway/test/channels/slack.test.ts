import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createFakeSlack, type FakeSlack, slackButtons, slackTexts } from '@sallyport/testing'
import { requestReference } from '@ath-protocol/server'
import { type ChannelWorld, openChannelWorld, questionOf } from './world.ts'

let slack: FakeSlack
let world: ChannelWorld

before(async () => {
  slack = await createFakeSlack({
    botToken: 'xoxb-1',
    signingSecret: 's1gning',
    people: [
      { id: 'U1', teamId: 'T1', email: 'wang@corp.example' },
      { id: 'U2', teamId: 'T1', email: 'lin@corp.example' },
    ],
  })
  world = await openChannelWorld({
    channels: [
      {
        kind: 'slack',
        name: 'slack',
        baseUrl: slack.baseUrl,
        botToken: 'xoxb-1',
        signingSecret: 's1gning',
      },
    ],
  })
  slack.options.callbackUrl = world.callbackUrl('slack')
})
after(async () => {
  await world.close()
  await slack.close()
})

const newest = () => slack.messages.at(-1) ?? assert.fail('no message came')

test('[D13] [D14] [U7] a question of low risk comes as a direct message with buttons that carry an opaque id and a verb', async () => {
  const consent = await world.ask()
  const message = newest()
  assert.equal(message.to, 'U1')
  const buttons = slackButtons(message.blocks)
  assert.deepEqual(
    buttons.map(({ id, value, url }) => [id, value ?? url]),
    [
      ['deny', consent.id],
      ['approve', consent.id],
      ['review', `https://gw.example.com/ath/confirm/${consent.id}`],
    ],
  )
  const shown = slackTexts(message.blocks).join('\n')
  for (const text of [
    'Travel agent',
    'Read approvals (oa:read)',
    '10.0.0.0/8',
    'Only from 9:00 to 18:00',
  ])
    assert.ok(shown.includes(text), text)
  assert.ok(shown.includes(requestReference(consent.id)))
  const [asked] = world.recorded('confirmation_requested').slice(-1)
  assert.equal(asked?.consent_id, requestReference(consent.id))
  assert.deepEqual(asked?.evidence, { channel: 'slack' })
})

test('[D15] [U7] the person who was asked approves with one tap, within 3 seconds, and the message shows the outcome', async () => {
  const consent = await world.ask()
  const message = newest()
  const answer = await slack.press({ message: message.ts, action: 'approve' })
  assert.equal(answer.status, 200)
  assert.ok(answer.milliseconds < 3000)
  const { decision } = (await world.now(consent)) ?? {}
  assert.equal(decision?.approved, true)
  assert.equal(decision?.method, 'chat:slack')
  assert.equal(decision?.userId, world.wang.id)
  assert.deepEqual(decision?.scopes, consent.offered)
  assert.equal(decision?.lifetimeSeconds, consent.longestSeconds)
  await world.channels.idle()
  assert.equal(message.changes, 1)
  assert.deepEqual(slackButtons(message.blocks), [])
  assert.match(message.text, /You allowed it: Travel agent/)
})

test('[U7] a second tap, also on the other button, changes nothing and shows the first answer', async () => {
  const consent = await world.ask()
  const message = newest()
  await slack.press({ message: message.ts, action: 'deny', value: consent.id })
  await slack.press({ message: message.ts, action: 'approve', value: consent.id })
  assert.equal((await world.now(consent))?.decision?.approved, false)
  await world.channels.idle()
  assert.match(message.text, /You said no/)
  assert.equal(
    world.recorded('consent_given').filter((one) => one.consent_id === requestReference(consent.id))
      .length,
    0,
  )
})

test('two presses at once decide once', async () => {
  const consent = await world.ask()
  const message = newest()
  await Promise.all(
    ['approve', 'deny', 'approve', 'deny'].map((action) =>
      slack.press({ message: message.ts, action, value: consent.id }),
    ),
  )
  const decided = world.events.filter(
    ({ event, consent_id }) =>
      (event === 'consent_given' || event === 'consent_denied') &&
      consent_id === requestReference(consent.id),
  )
  assert.equal(decided.length, 1)
})

test('the page’s answer replaces the message too', async () => {
  const consent = await world.ask()
  const message = newest()
  const decided = await world.ports.consents.decide(consent.id, {
    approved: false,
    userId: world.wang.id,
    scopes: [],
    lifetimeSeconds: 0,
    method: 'session',
    decidedAt: world.clock.now(),
  })
  await world.channels.notifier.settled(decided ?? assert.fail('not decided'))
  await world.channels.idle()
  assert.match(message.text, /You said no/)
})

for (const [what, change, reason] of [
  ['a wrong signature', { signingSecret: 'other' }, 'callback_signature'],
  ['a signature of ten minutes ago', { at: Date.now() / 1000 - 600 }, 'callback_stale'],
  ['a signature from the future', { at: Date.now() / 1000 + 600 }, 'callback_stale'],
  ['a value that is no consent id', { value: 'oa:read oa:pay' }, 'callback_malformed'],
] as const)
  test(`[U7] ${what} decides nothing and is recorded`, async () => {
    const consent = await world.ask()
    const answer = await slack.press({ message: newest().ts, action: 'approve', ...change })
    assert.ok(answer.status === 401 || answer.status === 400)
    assert.equal((await world.now(consent))?.decision, undefined)
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, reason)
  })

test('[U7] a callback that comes again is recorded and decides nothing', async () => {
  const consent = await world.ask()
  const other = await world.ask()
  const pressed = await slack.press({ message: newest().ts, action: 'approve', value: consent.id })
  assert.equal((await pressed.repeat()).status, 200)
  assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'callback_replayed')
  assert.equal((await world.now(other))?.decision, undefined)
})

test('[U7] another person’s press decides nothing and is answered with the link, for them alone', async () => {
  const consent = await world.ask()
  await slack.press({ message: newest().ts, action: 'approve', by: 'U2' })
  await world.channels.idle()
  assert.equal((await world.now(consent))?.decision, undefined)
  assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'channel_identity_unknown')
  assert.deepEqual(world.recorded('request_refused').at(-1)?.evidence, { external_id: 'T1/U2' })
  const note = slack.notes.at(-1)
  assert.equal(note?.user, 'U2')
  assert.ok(note?.text.includes(`<https://gw.example.com/ath/confirm/${consent.id}>`))
})

test('[U7] a known colleague’s press is recorded in their name and decides nothing', async () => {
  await world.ask({ userId: world.lin.id })
  const consent = await world.ask()
  await slack.press({ message: newest().ts, action: 'deny', by: 'U2' })
  assert.equal((await world.now(consent))?.decision, undefined)
  const refused = world.recorded('request_refused').at(-1)
  assert.equal(refused?.denial_reason, 'consent_of_other_user')
  assert.equal(refused?.user_id, world.lin.id)
})

for (const risk of ['medium', 'high'] as const)
  test(`[U7] a question of ${risk} risk has only the link, and a press that somebody makes up decides nothing`, async () => {
    const consent = await world.ask(questionOf(risk))
    const message = newest()
    assert.deepEqual(
      slackButtons(message.blocks).map(({ id }) => id),
      ['review'],
    )
    await slack.press({ message: message.ts, action: 'approve', value: consent.id })
    await world.channels.idle()
    assert.equal((await world.now(consent))?.decision, undefined)
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'confirmation_too_weak')
    assert.ok(slack.notes.at(-1)?.text.includes(consent.id))
  })

test('a press after the end decides nothing, and the message says that it has expired', async () => {
  const consent = await world.ask({ expiresAt: world.clock.now() + 10 })
  const message = newest()
  world.clock.advance(11)
  await slack.press({ message: message.ts, action: 'approve' })
  await world.channels.idle()
  world.clock.advance(-11)
  assert.equal((await world.now(consent))?.decision, undefined)
  assert.match(message.text, /Expired/)
})

test('a question that nobody answers in time says so in the chat once it is swept', async () => {
  const consent = await world.ask()
  await world.channels.notifier.settled(consent)
  await world.channels.idle()
  assert.match(newest().text, /Expired: nobody answered in time/)
})

test('[U7] a GET decides nothing', async () => {
  const consent = await world.ask()
  const response = await fetch(`${world.callbackUrl('slack')}?payload=${consent.id}`)
  assert.equal(response.status, 405)
  assert.equal((await world.now(consent))?.decision, undefined)
})

test('a body over the limit and a path of no channel are refused', async () => {
  const long = await fetch(world.callbackUrl('slack'), { method: 'POST', body: 'x'.repeat(70_000) })
  assert.equal(long.status, 413)
  assert.equal((await fetch(world.callbackUrl('nobody'), { method: 'POST' })).status, 404)
})

test('what an agent calls itself cannot mention anybody, make a link or look like ours', async () => {
  const { registry } = world.ports
  const before = await registry.findByClientId('ath_travel')
  await registry.update('ath_travel', {
    name: '<!channel> *Approved* <https://evil.example|safe> &amp;',
  })
  await world.ask({ words: 'see https://evil.example/login <@U2>\u202e' })
  const message = newest()
  assert.ok(!message.text.includes('<!channel>') && message.text.includes('&lt;!channel&gt;'))
  const json = JSON.stringify(message.blocks)
  assert.ok(!json.includes('https://evil') && !json.includes('\u202e'))
  // In plain text elements nothing is read as markup.
  for (const block of message.blocks)
    for (const text of [block['text'], ...((block['fields'] ?? []) as object[])])
      if (JSON.stringify(text ?? '').includes('channel'))
        assert.equal((text as { type: string }).type, 'plain_text')
  await registry.update('ath_travel', { name: before?.name ?? '' })
})

test('Slack found nothing wrong with any message', () => {
  assert.deepEqual(slack.faults, [])
})
