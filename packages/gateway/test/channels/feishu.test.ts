import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  callbackJson,
  createFakeFeishu,
  type FakeFeishu,
  feishuButtons,
  feishuTexts,
} from '@sallyport/testing'
import { type ChannelWorld, openChannelWorld, questionOf } from './world.ts'

const keys = {
  appId: 'cli_1',
  appSecret: 'app-secret',
  encryptKey: 'encrypt-key',
  verificationToken: 'verification-token',
}

let feishu: FakeFeishu
let world: ChannelWorld

before(async () => {
  feishu = await createFakeFeishu({
    ...keys,
    people: [
      { openId: 'ou_wang', email: 'wang@corp.example' },
      { openId: 'ou_lin', email: 'lin@corp.example' },
    ],
  })
  world = await openChannelWorld({
    language: 'zh-CN',
    channels: [{ kind: 'feishu', name: 'feishu', baseUrl: feishu.origin, ...keys }],
  })
  feishu.options.callbackUrl = world.callbackUrl('feishu')
})
after(async () => {
  await world.close()
  await feishu.close()
})

const newest = () => feishu.messages.at(-1) ?? assert.fail('no message came')

test('[D14] [U7] a question comes as a card to the one person, in Chinese, its buttons with an opaque id and a verb', async () => {
  const consent = await world.ask()
  const { to, card } = newest()
  assert.equal(to, 'ou_wang')
  assert.deepEqual(
    feishuButtons(card).map(({ label, value, url }) => [label, value ?? url]),
    [
      ['拒绝', { consent: consent.id, action: 'deny' }],
      ['同意', { consent: consent.id, action: 'approve' }],
      ['查看', `https://gw.example.com/ath/confirm/${consent.id}`],
    ],
  )
  assert.ok(feishuTexts(card).join('\n').includes('Travel agent 请求代您操作'))
})

test('[D15] [U7] one tap approves; the answer itself replaces the card, and a second tap shows the first answer', async () => {
  const consent = await world.ask()
  const message = newest()
  const pressed = await feishu.press({ message: message.id, action: 'approve' })
  assert.equal(pressed.status, 200)
  assert.ok(pressed.milliseconds < 3000)
  assert.equal((await world.now(consent))?.decision?.method, 'chat:feishu')
  assert.ok(feishuTexts(message.card).join('\n').includes('您已同意'))
  await world.channels.idle()
  assert.equal(message.changes, 1)
  const value = { consent: consent.id, action: 'deny' }
  const second = await feishu.press({ message: message.id, action: 'deny', value })
  assert.match(JSON.stringify(callbackJson(second)), /您已同意/)
  assert.equal((await world.now(consent))?.decision?.approved, true)
})

test('the address is verified with the encrypt key, and with no other', async () => {
  const echoed = await feishu.verifyUrl('ch4llenge')
  assert.deepEqual(callbackJson(echoed), { challenge: 'ch4llenge' })
  assert.equal((await feishu.verifyUrl('ch4llenge', 'another-key')).status, 401)
})

test('[U7] a custom bot’s signature does not pass where an app’s is wanted: the two schemes are not mixed', async () => {
  const consent = await world.ask()
  const swapped = [
    ({ timestamp }: { timestamp: string }) =>
      createHmac('sha256', `${timestamp}\n${keys.encryptKey}`).digest('base64'),
    ({ timestamp, nonce, body }: { timestamp: string; nonce: string; body: string }) =>
      createHmac('sha256', keys.encryptKey)
        .update(timestamp + nonce + body)
        .digest('hex'),
  ]
  for (const sign of swapped) {
    const answer = await feishu.press({ message: newest().id, action: 'approve', sign })
    assert.equal(answer.status, 401)
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'callback_signature')
  }
  assert.equal((await world.now(consent))?.decision, undefined)
})

for (const [what, change, reason] of [
  ['another encrypt key', { encryptKey: 'other' }, 'callback_signature'],
  ['another verification token', { verificationToken: 'other' }, 'callback_signature'],
  ['a timestamp of ten minutes ago', { at: Date.now() / 1000 - 600 }, 'callback_stale'],
  [
    'scopes instead of an id',
    { value: { scopes: ['oa:pay'], action: 'approve' } },
    'callback_malformed',
  ],
] as const)
  test(`[U7] a card action with ${what} decides nothing and is recorded`, async () => {
    const consent = await world.ask()
    const answer = await feishu.press({ message: newest().id, action: 'approve', ...change })
    assert.ok(answer.status === 400 || answer.status === 401)
    assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, reason)
    assert.equal((await world.now(consent))?.decision, undefined)
  })

test('a body that is not encrypted is refused', async () => {
  const response = await fetch(world.callbackUrl('feishu'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'url_verification',
      challenge: 'x',
      token: keys.verificationToken,
    }),
  })
  assert.equal(response.status, 400)
})

test('[U7] a replayed card action is recorded and decides nothing', async () => {
  await world.ask()
  const pressed = await feishu.press({ message: newest().id, action: 'deny' })
  const again = await pressed.repeat()
  assert.equal(again.status, 200)
  assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'callback_replayed')
})

test('[U7] somebody else’s press, and one of somebody whom we do not know, are answered with the link', async () => {
  for (const by of ['ou_lin', 'ou_stranger']) {
    const consent = await world.ask()
    const message = newest()
    const answer = await feishu.press({ message: message.id, action: 'approve', by })
    assert.equal((await world.now(consent))?.decision, undefined)
    assert.ok(message.toast?.includes(consent.id))
    assert.equal(callbackJson(answer)['card'], undefined)
  }
})

test('[U7] high risk has only the link, and a press that somebody makes up decides nothing', async () => {
  const consent = await world.ask(questionOf('high'))
  const message = newest()
  assert.deepEqual(
    feishuButtons(message.card).map(({ label }) => label),
    ['查看'],
  )
  const value = { consent: consent.id, action: 'approve' }
  await feishu.press({ message: message.id, action: 'approve', value })
  assert.equal((await world.now(consent))?.decision, undefined)
  assert.equal(world.recorded('request_refused').at(-1)?.denial_reason, 'confirmation_too_weak')
})

test('an access token that the vendor forgot is fetched anew', async () => {
  await world.ask()
  const before = feishu.messages.length
  feishu.expireTokens()
  await world.ask()
  assert.equal(feishu.messages.length, before + 1)
})

test('what an agent calls itself cannot mention anybody or make a link', async () => {
  await world.ports.registry.update('ath_travel', {
    name: '<at id=all></at> [safe](https://evil.example) **bold**',
  })
  await world.ask({ words: '<at id=all></at> [x](https://evil.example)' })
  const markdown = JSON.stringify(newest().card).match(/"lark_md","content":"[^"]*"/g) ?? []
  for (const text of markdown) assert.doesNotMatch(text, /<at|\]\(|evil\.example\)/)
  await world.ports.registry.update('ath_travel', { name: 'Travel agent' })
})

test('Feishu found nothing wrong with any call', () => {
  assert.deepEqual(feishu.faults, [])
})
