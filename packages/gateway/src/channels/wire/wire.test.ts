import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '@ath-protocol/types'
import fc from 'fast-check'
import { readWebhookKey } from '../../config/webhook-key.ts'
import { signDingtalk, signFeishuBot } from './bot-signature.ts'
import { checkFeishu, openFeishu } from './feishu-event.ts'
import { readFlatXml } from './flat-xml.ts'
import { checkSlack } from './slack-signature.ts'
import { checkWebhook, webhookHeaders } from './standard-webhook.ts'
import { openWecom } from './wecom-cipher.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('Slack’s published example of a signature passes, at its time and at no other', () => {
  const secret = '8f742231b10e8888abcd99yyyzzz85a5'
  const body = bytes(
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  )
  const headers = {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  }
  const signature = headers['x-slack-signature']
  const check = (now: number) => checkSlack(secret, headers, body, now)
  assert.deepEqual(check(1_531_420_618 + 300), ok({ signature }))
  assert.deepEqual(check(1_531_420_618 + 301), fail('callback_stale'))
})

test('the example of Standard Webhooks is signed and checked alike', () => {
  const key = readWebhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') ?? assert.fail('no key')
  const body = '{"test": 2432232314}'
  const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: '1614265330', body }
  const headers = webhookHeaders([key], signed)
  assert.equal(headers['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  const check = (now: number) => checkWebhook([key], headers, bytes(body), now)
  assert.deepEqual(check(1_614_265_330 + 300), ok({ id: signed.id }))
  assert.deepEqual(check(1_614_265_330 + 301), fail('callback_stale'))
  assert.deepEqual(check(1_614_265_330 - 301), fail('callback_stale'))
})

test('keys of a webhook are whsec_ with base64 of 24 to 64 bytes', () => {
  const base64 = (length: number) => Buffer.alloc(length, 1).toString('base64')
  for (const good of [24, 32, 64])
    assert.equal(readWebhookKey(`whsec_${base64(good)}`)?.length, good)
  for (const bad of [
    '',
    'whsec_',
    base64(32),
    `whsec_${base64(23)}`,
    `whsec_${base64(65)}`,
    `whsec_${base64(32)}!`,
  ])
    assert.equal(readWebhookKey(bad), undefined, bad)
})

test('the vendor’s example of an encrypted Feishu event opens with its key only', () => {
  const encrypted = 'P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk='
  assert.deepEqual(openFeishu('test key', encrypted), ok('hello world'))
  assert.deepEqual(openFeishu('other key', encrypted), fail('callback_signature'))
})

test('WeCom’s example of an address check opens to its text', () => {
  const keys = {
    token: 'QDG6eK',
    corpId: 'wx5823bf96d3bd56c7',
    encodingAesKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
  }
  const query = new URLSearchParams({
    msg_signature: '5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3',
    timestamp: '1409659589',
    nonce: '263014780',
  })
  const echo =
    'P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=='
  assert.deepEqual(openWecom(keys, query, echo, 1_409_659_589), ok('1616140317555161061'))
  assert.deepEqual(openWecom(keys, query, echo, 1_409_659_989), fail('callback_stale'))
  const other = { ...keys, corpId: 'wx0000000000000000' }
  assert.deepEqual(openWecom(other, query, echo, 1_409_659_589), fail('callback_signature'))
})

test('the two bot signatures differ from each other and from an app’s', () => {
  const [secret, timestamp] = ['secret', '1599360473']
  const feishu = signFeishuBot(secret, timestamp)
  const dingtalk = signDingtalk(secret, timestamp)
  assert.notEqual(feishu, dingtalk)
  for (const signature of [feishu, dingtalk]) {
    const headers = {
      'x-lark-request-timestamp': timestamp,
      'x-lark-request-nonce': '',
      'x-lark-signature': signature,
    }
    const checked = checkFeishu(secret, headers, new Uint8Array(), Number(timestamp))
    assert.deepEqual(checked, fail('callback_signature'))
  }
})

test('flat XML is read, and what could be read in two ways is not', () => {
  const read = readFlatXml(
    '<xml>\n<A><![CDATA[a < b & c]]></A><B>12</B><C></C><D><E>x</E></D></xml>',
  )
  assert.deepEqual({ ...read }, { A: 'a < b & c', B: '12', C: '', D: '' })
  for (const bad of [
    '',
    '<xml>',
    '<xml><A>1</A><A>2</A></xml>',
    '<xml><A b="c">1</A></xml>',
    '<xml><A>&lt;</A></xml>',
    '<!DOCTYPE xml><xml></xml>',
    '<?xml version="1.0"?><xml></xml>',
    '<xml><!-- x --><A>1</A></xml>',
    '<xml>text</xml>',
    '<html></html>',
  ])
    assert.equal(readFlatXml(bad), undefined, bad)
})

test('no bytes that strangers send make a check throw, and none of them pass', () => {
  const header = fc.option(fc.string(), { nil: undefined })
  fc.assert(
    fc.property(
      fc.uint8Array(),
      header,
      header,
      header,
      fc.string(),
      (body, one, two, three, text) => {
        const now = 1_795_305_600
        const headers = {
          'x-slack-request-timestamp': one,
          'x-slack-signature': two,
          'x-lark-request-timestamp': one,
          'x-lark-request-nonce': three,
          'x-lark-signature': two,
          'webhook-id': one,
          'webhook-timestamp': three,
          'webhook-signature': two,
        }
        assert.equal(checkSlack('secret', headers, body, now).ok, false)
        assert.equal(checkFeishu('secret', headers, body, now).ok, false)
        assert.equal(checkWebhook([new Uint8Array(32)], headers, body, now).ok, false)
        assert.equal(openFeishu('secret', text).ok, false)
        const keys = { token: 't', corpId: 'c', encodingAesKey: 'A'.repeat(43) }
        assert.equal(openWecom(keys, new URLSearchParams(text), text, now).ok, false)
        readFlatXml(`<xml>${text}</xml>`)
      },
    ),
  )
})
