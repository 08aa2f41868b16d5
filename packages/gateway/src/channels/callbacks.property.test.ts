import assert from 'node:assert/strict'
import { createCipheriv, createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { AthCall } from '@ath-protocol/server'
import fc from 'fast-check'
import type { Channel, Press } from './channel.ts'
import { createFeishu } from './feishu.ts'
import { createSlack } from './slack.ts'
import { createWebhook } from './webhook.ts'
import { createWecom } from './wecom.ts'
import { webhookHeaders } from './wire/standard-webhook.ts'

const now = 1_795_305_600
const ports = {
  clock: { now: () => now },
  random: { token: () => 'token' },
  fetch: async () => new Response('{}'),
  later: () => {},
}

const call = (changes: Partial<AthCall> & { readonly text?: string }): AthCall => ({
  method: 'POST',
  path: '/ath/channels/x',
  query: new URLSearchParams(),
  headers: {},
  body: new TextEncoder().encode(changes.text ?? ''),
  ip: '192.0.2.1',
  ...changes,
})

/** Answers a callback; what was pressed, if anything. */
async function pressedBy(channel: Channel, callback: AthCall): Promise<Press | undefined> {
  let pressed: Press | undefined
  const answered = await channel.answer?.(callback, async (press) => {
    pressed = press
    return { kind: 'gone', title: 'gone' }
  })
  assert.ok(answered)
  assert.ok([200, 400, 401].includes(answered.answer.status))
  assert.equal(answered.refused === undefined, answered.answer.status === 200)
  return pressed
}

/** Whatever a vendor's signature stands under, only a press of the right form is one. */
const isPress = (press: Press | undefined) =>
  press === undefined ||
  (/^cns_[\w-]{20,100}$/.test(press.consentId) &&
    (press.action === 'approve' || press.action === 'deny') &&
    press.externalId !== '')

const consentId = `cns_${'x'.repeat(43)}`
/** Anything, and things that are almost right. */
const anything = fc.oneof(
  fc.json(),
  fc
    .record(
      {
        type: fc.constantFrom('block_actions', 'confirmation.answered', 'event_callback'),
        user: fc.oneof(fc.anything(), fc.record({ id: fc.string(), team_id: fc.string() })),
        actions: fc.oneof(
          fc.anything(),
          fc.array(
            fc.record({
              action_id: fc.constantFrom('approve', 'deny', 'review', ''),
              value: fc.oneof(fc.constant(consentId), fc.anything()),
            }),
          ),
        ),
        data: fc.oneof(
          fc.anything(),
          fc.record({
            consent: fc.oneof(fc.constant(consentId), fc.anything()),
            action: fc.constantFrom('approve', 'deny', 'all'),
            person: fc.oneof(fc.string(), fc.anything()),
          }),
        ),
        header: fc.oneof(
          fc.anything(),
          fc.record({
            token: fc.constant('token'),
            app_id: fc.constant('cli_1'),
            event_type: fc.constantFrom('card.action.trigger', 'other'),
            event_id: fc.string(),
          }),
        ),
        event: fc.oneof(
          fc.anything(),
          fc.record({
            operator: fc.oneof(fc.anything(), fc.record({ open_id: fc.string() })),
            action: fc.record({
              value: fc.record({
                consent: fc.oneof(fc.constant(consentId), fc.anything()),
                action: fc.constantFrom('approve', 'deny', 'all'),
              }),
            }),
          }),
        ),
      },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
)

const timestamp = String(now)

test('[U7] Slack may sign anything: nothing throws, and only an approve or deny with an id is a press', async () => {
  const channel = createSlack(
    { kind: 'slack', name: 'x', baseUrl: 'https://s.example', botToken: 'x', signingSecret: 'k' },
    ports,
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, fc.string()), async (payload) => {
      const text = new URLSearchParams({ payload }).toString()
      const signature = `v0=${createHmac('sha256', 'k').update(`v0:${timestamp}:${text}`).digest('hex')}`
      const headers = { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature }
      assert.ok(isPress(await pressedBy(channel, call({ text, headers }))))
    }),
  )
})

test('[U7] Feishu may seal and sign anything', async () => {
  const channel = createFeishu(
    {
      kind: 'feishu',
      name: 'x',
      baseUrl: 'https://f.example',
      appId: 'cli_1',
      appSecret: 's',
      encryptKey: 'k',
      verificationToken: 'token',
    },
    ports,
  )
  const key = createHash('sha256').update('k').digest()
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, fc.string()), async (plain) => {
      const cipher = createCipheriv('aes-256-cbc', key, Buffer.alloc(16))
      const sealed = [Buffer.alloc(16), cipher.update(plain, 'utf8'), cipher.final()]
      const text = JSON.stringify({ encrypt: Buffer.concat(sealed).toString('base64') })
      const signature = createHash('sha256').update(`${timestamp}nk${text}`).digest('hex')
      const headers = {
        'x-lark-request-timestamp': timestamp,
        'x-lark-request-nonce': 'n',
        'x-lark-signature': signature,
      }
      assert.ok(isPress(await pressedBy(channel, call({ text, headers }))))
    }),
  )
})

test('[U7] a webhook’s receiver may sign anything', async () => {
  const key = new Uint8Array(32)
  const channel = createWebhook(
    { kind: 'webhook', name: 'x', url: 'https://w.example/', keys: [key], callbackKeys: [key] },
    ports,
  )
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, fc.string()), async (text) => {
      const headers = webhookHeaders([key], { id: 'msg_1', timestamp, body: text })
      assert.ok(isPress(await pressedBy(channel, call({ text, headers }))))
    }),
  )
})

test('[U7] WeCom may be sent anything', async () => {
  const channel = createWecom(
    {
      kind: 'wecom',
      name: 'x',
      baseUrl: 'https://w.example',
      corpId: 'ww1',
      agentId: 1,
      secret: 's',
      token: 't',
      encodingAesKey: 'A'.repeat(43),
    },
    ports,
  )
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), fc.boolean(), async (text, echo, isGet) => {
      const parts = ['t', timestamp, 'n', echo].sort().join('')
      const query = new URLSearchParams({
        timestamp,
        nonce: 'n',
        msg_signature: createHash('sha1').update(parts).digest('hex'),
        echostr: echo,
      })
      const body = `<xml><Encrypt><![CDATA[${echo}]]></Encrypt>${text}</xml>`
      const method = isGet ? 'GET' : 'POST'
      assert.equal(await pressedBy(channel, call({ method, query, text: body })), undefined)
    }),
  )
})
