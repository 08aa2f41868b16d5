import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  createFakeDingtalkBot,
  createFakeFeishuBot,
  createFakeTeams,
  openMailServer,
} from '@sallyport/testing'
import type { ChannelConfig, EmailChannel } from '../../src/config/channels.ts'
import { openChannelWorld, type WorldOptions } from './world.ts'

async function open(t: TestContext, options: WorldOptions) {
  const world = await openChannelWorld(options)
  t.after(() => world.close())
  return world
}

for (const { kind, create } of [
  { kind: 'teams', create: createFakeTeams },
  { kind: 'feishu_bot', create: () => createFakeFeishuBot('b0t-secret') },
  { kind: 'dingtalk_bot', create: () => createFakeDingtalkBot('b0t-secret') },
] as const)
  test(`[U7] ${kind} gets a signed message with the link and no button that decides, and takes no callback`, async (t) => {
    const bot = await create()
    t.after(() => bot.close())
    const channel: ChannelConfig = {
      kind,
      name: kind,
      webhookUrl: bot.webhookUrl,
      secret: 'b0t-secret',
    }
    const world = await open(t, { channels: [channel] })
    await world.ports.registry.update('ath_travel', {
      name: '[x](https://evil.example) **b** <at id=all></at>',
    })
    const consent = await world.ask({ words: '# Big\n[click](https://evil.example) @all' })
    assert.equal(bot.messages.length, 1)
    const sent = JSON.stringify(bot.messages[0])
    assert.ok(sent.includes(`https://gw.example.com/ath/confirm/${consent.id}`))
    assert.ok(!sent.includes('"approve"'))
    assert.ok(!sent.includes('https://evil'))
    assert.deepEqual(bot.faults, [])
    assert.equal(world.recorded('confirmation_requested').length, 1)
    assert.equal((await fetch(world.callbackUrl(kind), { method: 'POST' })).status, 404)
  })

for (const { kind, create } of [
  { kind: 'feishu_bot', create: createFakeFeishuBot },
  { kind: 'dingtalk_bot', create: createFakeDingtalkBot },
] as const)
  test(`${kind} with the wrong secret is refused by the vendor, and that is recorded`, async (t) => {
    const bot = await create('right')
    t.after(() => bot.close())
    const channel: ChannelConfig = { kind, name: kind, webhookUrl: bot.webhookUrl, secret: 'wrong' }
    const world = await open(t, { channels: [channel] })
    await world.ask()
    const [failed] = world.recorded('confirmation_undelivered')
    assert.match(JSON.stringify(failed?.evidence), /refused/)
    assert.equal(bot.calls, 1, 'a no is not asked again')
  })

const mail = (port: number): EmailChannel => ({
  kind: 'email',
  name: 'mail',
  host: 'localhost',
  port,
  security: 'starttls',
  user: 'gateway',
  password: 'p4ss',
  from: 'gateway@corp.example',
})
const account = { user: 'gateway', password: 'p4ss' }

test('[U7] a mail goes to the address of the log-in, encrypted, as text and HTML, with the link and nothing to load', async (t) => {
  const server = await openMailServer({ account })
  t.after(() => server.close())
  const world = await open(t, { channels: [mail(server.port)], mailCa: server.ca })
  await world.ports.registry.update('ath_travel', {
    name: 'Evil\r\nBcc: all@corp.example <b>x</b>',
  })
  const consent = await world.ask({ words: '<img src=x> https://evil.example' })
  const [received] = server.mails
  assert.deepEqual(received?.to, ['wang@corp.example'])
  assert.equal(received?.isEncrypted, true)
  assert.equal(received?.user, 'gateway')
  const raw = received?.raw ?? ''
  const [head = ''] = raw.split('\r\n\r\n')
  assert.match(head, /^Auto-Submitted: auto-generated$/m)
  assert.match(head, /^Content-Type: multipart\/alternative/m)
  assert.doesNotMatch(head, /^(Bcc|List-Unsubscribe):/im)
  const body = raw.replaceAll('=\r\n', '').replaceAll('=3D', '=')
  assert.equal(body.split(`https://gw.example.com/ath/confirm/${consent.id}`).length - 1, 2)
  assert.doesNotMatch(body, /https:\/\/evil/)
  assert.doesNotMatch(body.slice(body.indexOf('<!doctype')), /<img|<script|<link|url\(/)
})

test('a mail server that offers no TLS, or refuses the log-in, gets no mail', async (t) => {
  for (const [options, changes] of [
    [{ account, starttls: false }, {}],
    [{ account }, { password: 'wrong' }],
  ] as const) {
    const server = await openMailServer(options)
    t.after(() => server.close())
    const channel = { ...mail(server.port), ...changes }
    const world = await open(t, { channels: [channel], mailCa: server.ca })
    await world.ask()
    assert.equal(server.mails.length, 0)
    assert.equal(world.recorded('confirmation_undelivered').length, 1)
  }
})

test('an address that is a list of addresses gets no mail', async (t) => {
  const server = await openMailServer({ account })
  t.after(() => server.close())
  const world = await open(t, { channels: [mail(server.port)], mailCa: server.ca })
  const person = await world.ports.logins.findUser(world.wang.id)
  const logins = {
    findUser: async () => person && { ...person, email: 'a@b.example, c@d.example' },
  }
  Object.assign(world.ports.logins, logins)
  await world.ask()
  assert.equal(server.mails.length, 0)
})

test('the log has the link, on one line, whatever the agent calls itself', async (t) => {
  const world = await open(t, { channels: [{ kind: 'log', name: 'log' }] })
  await world.ports.registry.update('ath_travel', { name: 'x\u001b[31m\nfake line' })
  const consent = await world.ask()
  const line = world.logs.find(({ event }) => event === 'confirmation_requested')
  assert.ok(line?.message.endsWith(`: https://gw.example.com/ath/confirm/${consent.id}`))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
  assert.doesNotMatch(line?.message ?? '', /[\u0000-\u001f]/)
})
