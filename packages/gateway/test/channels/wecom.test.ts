import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createFakeWecom, type FakeWecom } from '@sallyport/testing'
import { type ChannelWorld, openChannelWorld, questionOf } from './world.ts'

const keys = {
  corpId: 'ww0123456789',
  agentId: 1000002,
  secret: 's3cret',
  token: 't0ken',
  encodingAesKey: randomBytes(32).toString('hex').slice(0, 42).concat('A'),
}

let wecom: FakeWecom
let world: ChannelWorld

before(async () => {
  wecom = await createFakeWecom({
    ...keys,
    people: [
      { userId: 'wangfang', email: 'wang@corp.example' },
      { userId: 'lintao', email: 'lin@corp.example' },
    ],
  })
  world = await openChannelWorld({
    language: 'zh-CN',
    channels: [{ kind: 'wecom', name: 'wecom', baseUrl: wecom.origin, ...keys }],
  })
  wecom.options.callbackUrl = world.callbackUrl('wecom')
})
after(async () => {
  await world.close()
  await wecom.close()
})

const newest = () => wecom.messages.at(-1) ?? assert.fail('no message came')

test('[D15] [U7] one tap on a template card approves, and the buttons are replaced by the outcome', async () => {
  const consent = await world.ask()
  const message = newest()
  assert.equal(message.to, 'wangfang')
  assert.equal(message.card['task_id'], consent.id)
  const answer = await wecom.press({ taskId: consent.id, action: 'approve' })
  assert.equal(answer.status, 200)
  assert.equal((await world.now(consent))?.decision?.method, 'chat:wecom')
  await world.channels.idle()
  assert.match(message.replacedBy ?? '', /您已同意/)
})

test('the callback’s address is verified: a GET with the right signature gets its text back and decides nothing', async () => {
  assert.deepEqual(await wecom.verifyUrl('1616140317555161061'), {
    status: 200,
    body: '1616140317555161061',
  })
  assert.equal((await wecom.verifyUrl('123', 'other')).status, 401)
})

for (const [what, change, reason] of [
  ['a wrong token', { token: 'other' }, 'callback_signature'],
  ['another AES key', { encodingAesKey: 'B'.repeat(43) }, 'callback_signature'],
  ['another company inside', { receiver: 'ww9999999999' }, 'callback_signature'],
  ['another app inside', { agentId: 7 }, 'callback_signature'],
  ['a timestamp of ten minutes ago', { at: Date.now() / 1000 - 600 }, 'callback_stale'],
  ['an unknown button', { action: 'scopes=oa:pay' }, 'callback_malformed'],
] as const)
  test(`[U7] a card event with ${what} decides nothing and is recorded`, async () => {
    const consent = await world.ask()
    const answer = await wecom.press({ taskId: consent.id, action: 'approve', ...change })
    assert.ok(answer.status === 400 || answer.status === 401, String(answer.status))
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, reason)
    assert.equal((await world.now(consent))?.decision, undefined)
  })

test('[U7] a replayed event, another person and an unknown one decide nothing', async () => {
  const consent = await world.ask()
  for (const [by, reason] of [
    ['lintao', 'channel_identity_unknown'],
    ['stranger', 'channel_identity_unknown'],
  ] as const) {
    await wecom.press({ taskId: consent.id, action: 'approve', by })
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, reason)
  }
  assert.equal((await world.now(consent))?.decision, undefined)
  const pressed = await wecom.press({ taskId: consent.id, action: 'deny' })
  await pressed.repeat()
  assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'callback_replayed')
})

test('[U7] high risk, and what does not fit on the card, is a notice with a link', async () => {
  const high = await world.ask(questionOf('high'))
  assert.equal(newest().card['card_type'], 'text_notice')
  await wecom.press({ taskId: high.id, action: 'approve' })
  assert.equal((await world.now(high))?.decision, undefined)
  await world.ask({
    restrictions: [
      { ip_whitelist: ['2001:db8:1234:5678::/64', '2001:db8:1234:9abc::/64', '10.0.0.0/8'] },
    ],
  })
  assert.equal(newest().card['card_type'], 'text_notice')
})

test('a body that is no XML of theirs is refused', async () => {
  for (const body of [
    '',
    '{}',
    '<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
    '<xml></xml>',
  ]) {
    const response = await fetch(world.callbackUrl('wecom'), { method: 'POST', body })
    assert.equal(response.status, 400)
  }
})

test('WeCom found nothing wrong with any call', () => {
  assert.deepEqual(wecom.faults, [])
})
