import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { callbackJson, createWebhookReceiver, type WebhookReceiver } from '@sallyport/testing'
import { readWebhookKey } from '../../src/config/webhook-key.ts'
import type { WebhookChannel } from '../../src/config/channels.ts'
import { type ChannelWorld, openChannelWorld, questionOf } from './world.ts'

const newKey = () => `whsec_${randomBytes(32).toString('base64')}`
const bytes = (...keys: readonly string[]) =>
  keys.map((key) => readWebhookKey(key) ?? assert.fail('no key'))
const [oldKey, key, backKey] = [newKey(), newKey(), newKey()]

let receiver: WebhookReceiver
let world: ChannelWorld

before(async () => {
  receiver = await createWebhookReceiver({ keys: [key] })
  world = await openChannelWorld({
    channels: [
      {
        kind: 'webhook',
        name: 'desk',
        url: receiver.url,
        keys: bytes(oldKey, key),
        callbackKeys: bytes(backKey),
      },
      {
        kind: 'webhook',
        name: 'one-way',
        url: receiver.url,
        keys: bytes(key),
        callbackKeys: [],
      },
    ] satisfies WebhookChannel[],
  })
  receiver.options.callbackUrl = world.callbackUrl('desk')
})
after(async () => {
  await world.close()
  await receiver.close()
})

const dataOf = (message: WebhookReceiver['messages'][number] | undefined) =>
  message?.payload['data'] as Record<string, unknown>
const honest = () => ({ action: 'approve', person: world.wang.id, keys: [backKey] })

test('[U7] a question is posted by Standard Webhooks, signed with each key while they change', async () => {
  const consent = await world.ask()
  const message = receiver.messages.at(-1)
  assert.equal(message?.payload['type'], 'confirmation.requested')
  const data = dataOf(message)
  assert.equal(data['consent'], consent.id)
  assert.equal(data['can_answer'], true)
  assert.deepEqual(data['scopes'], [
    { name: 'oa:read', description: 'Read approvals', risk: 'low' },
  ])
  assert.equal((data['person'] as { email: string }).email, 'wang@corp.example')
})

test('[D15] [U7] its callback by the same scheme decides, and a second event tells the outcome', async () => {
  const consent = await world.ask()
  const answer = await receiver.press({ consent: consent.id, ...honest() })
  assert.equal(callbackJson(answer)['outcome'], 'approved')
  assert.equal((await world.now(consent))?.decision?.method, 'chat:desk')
  await world.channels.idle()
  const settled = receiver.messages.at(-1)
  assert.equal(settled?.payload['type'], 'confirmation.settled')
  assert.equal(dataOf(settled)['outcome'], 'approved')
  const second = await receiver.press({ consent: consent.id, ...honest(), action: 'deny' })
  assert.equal(callbackJson(second)['outcome'], 'approved')
})

test('while keys change, a callback with several signatures passes when one is right', async () => {
  const consent = await world.ask()
  await receiver.press({ consent: consent.id, ...honest(), keys: [newKey(), backKey] })
  assert.equal((await world.now(consent))?.decision?.approved, true)
})

for (const [what, change, status, reason] of [
  ['the key of our own messages', { keys: [key] }, 401, 'callback_signature'],
  ['no signature', { keys: [] }, 401, 'callback_signature'],
  ['a timestamp of ten minutes ago', { at: Date.now() / 1000 - 600 }, 401, 'callback_stale'],
  ['an id with a dot and a space', { id: 'a b' }, 400, 'callback_malformed'],
  ['an action that there is not', { action: 'approve_all' }, 400, 'callback_malformed'],
] as const)
  test(`[U7] a callback with ${what} decides nothing and is recorded`, async () => {
    const consent = await world.ask()
    const answer = await receiver.press({ consent: consent.id, ...honest(), ...change })
    assert.equal(answer.status, status)
    assert.equal((await world.now(consent))?.decision, undefined)
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, reason)
  })

test('[U7] a replay, another person, an unknown person and high risk decide nothing', async () => {
  const asked = await world.ask()
  const first = await receiver.press({ consent: asked.id, ...honest(), person: 'usr_nobody' })
  assert.equal(callbackJson(first)['result'], 'review')
  assert.equal(callbackJson(await first.repeat())['result'], 'replayed')
  const other = await receiver.press({ consent: asked.id, ...honest(), person: world.lin.id })
  assert.equal(callbackJson(other)['link'], `https://gw.example.com/ath/confirm/${asked.id}`)
  assert.equal((await world.now(asked))?.decision, undefined)
  const high = await world.ask(questionOf('high'))
  assert.equal(dataOf(receiver.messages.at(-1))['can_answer'], false)
  const weak = await receiver.press({ consent: high.id, ...honest() })
  assert.equal(callbackJson(weak)['result'], 'review')
  assert.equal((await world.now(high))?.decision, undefined)
})

test('without a callback key nobody can answer', async () => {
  const consent = await world.ask()
  receiver.options.callbackUrl = world.callbackUrl('one-way')
  for (const keys of [[key], [backKey], []]) {
    const answer = await receiver.press({ consent: consent.id, ...honest(), keys })
    assert.equal(answer.status, 401)
  }
  receiver.options.callbackUrl = world.callbackUrl('desk')
  assert.equal((await world.now(consent))?.decision, undefined)
})

test('a question that nobody knows is gone', async () => {
  const answer = await receiver.press({ consent: `cns_${'z'.repeat(43)}`, ...honest() })
  assert.equal(callbackJson(answer)['result'], 'gone')
})

test('the receiver found nothing wrong with any message', () => {
  assert.deepEqual(receiver.faults, [])
})
