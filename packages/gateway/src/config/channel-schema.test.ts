import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { GatewayConfig } from './config.ts'
import { loadConfig } from './load.ts'
import { writeProblem } from './problem.ts'

interface Loaded {
  readonly config?: GatewayConfig
  readonly problems: string
}

function load(t: TestContext, channels: string, mode: 'dev' | 'start' = 'dev'): Loaded {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const file = join(dir, 'f.yaml')
  writeFileSync(join(dir, 'token'), 'xoxb-secret\n')
  const ready =
    mode === 'start'
      ? 'gateway: { url: https://gw.corp.example }\nlogin: { issuer: https://idp.corp.example, client_id: a, client_secret: b }\n'
      : ''
  writeFileSync(file, `version: 1\n${ready}confirm:\n  channels:\n${channels}\n`)
  const env = { SLACK_SECRET: 'signing-secret' }
  const loaded = loadConfig({ mode, env, file: 'f.yaml', cwd: dir })
  if (loaded.ok) return { config: loaded.value, problems: '' }
  return { problems: loaded.error.map(writeProblem).join('\n') }
}

const key = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const every = `
    - { kind: slack, bot_token: "\${file:token}", signing_secret: "\${SLACK_SECRET}" }
    - { kind: teams, webhook_url: "https://prod-1.westeurope.logic.azure.com/workflows/x?sig=y" }
    - { kind: feishu, app_id: cli_1, app_secret: s, encrypt_key: k, verification_token: v }
    - { kind: feishu, name: lark, base_url: https://open.larksuite.com, app_id: cli_2, app_secret: s, encrypt_key: k, verification_token: v }
    - { kind: feishu_bot, webhook_url: https://open.feishu.cn/open-apis/bot/v2/hook/x, secret: s }
    - { kind: dingtalk_bot, webhook_url: "https://oapi.dingtalk.com/robot/send?access_token=x", secret: SECx }
    - { kind: wecom, corp_id: ww1, agent_id: 1000002, secret: s, token: t, encoding_aes_key: ${'a'.repeat(43)} }
    - { kind: email, host: smtp.corp.example, from: gw@corp.example, user: gw, password: p }
    - { kind: webhook, url: https://desk.corp.example/hook, keys: ["${key}"] }`

test('every kind of channel is read, with secrets from files and the environment, and start takes it', (t) => {
  const { config, problems } = load(t, every, 'start')
  assert.equal(problems, '')
  assert.deepEqual(
    config?.confirm.channels.map(({ name }) => name),
    ['slack', 'teams', 'feishu', 'lark', 'feishu_bot', 'dingtalk_bot', 'wecom', 'email', 'webhook'],
  )
  const [slack] = config?.confirm.channels ?? []
  assert.deepEqual(slack, {
    kind: 'slack',
    name: 'slack',
    baseUrl: 'https://slack.com/api',
    botToken: 'xoxb-secret',
    signingSecret: 'signing-secret',
  })
})

test('without a channel dev writes links to its log, and start asks on the page only', (t) => {
  assert.deepEqual(load(t, '    []').config?.confirm.channels, [{ kind: 'log', name: 'log' }])
  assert.deepEqual(load(t, '    []', 'start').config?.confirm.channels, [])
})

for (const [what, channel, problem] of [
  ['an unknown kind', '{ kind: slak }', /channels\[0\]\.kind: .*did you mean "slack"\?/],
  ['a kind that is far from all', '{ kind: pager }', /known here: slack, teams, feishu/],
  ['a missing secret', '{ kind: slack, bot_token: x }', /signing_secret: is missing/],
  ['an unknown key', '{ kind: log, url: x }', /url: is not a known key/],
  [
    'a webhook of somebody else',
    '{ kind: dingtalk_bot, webhook_url: "https://evil.example/?access_token=1", secret: s }',
    /webhook_url: is no webhook of dingtalk_bot {2}→ it is https at oapi\.dingtalk\.com/,
  ],
  [
    'a host that only ends alike',
    '{ kind: teams, webhook_url: "https://evil-logic.azure.com/x" }',
    /is no webhook of teams/,
  ],
  [
    'an Office 365 connector',
    '{ kind: teams, webhook_url: "https://corp.webhook.office.com/x" }',
    /connectors have ended/,
  ],
  [
    'a webhook that is not at its base_url',
    '{ kind: feishu_bot, webhook_url: "https://a.example/x", base_url: https://b.example, secret: s }',
    /is not at base_url/,
  ],
  [
    'a webhook key that is none',
    '{ kind: webhook, url: https://a.example/, keys: [x] }',
    /keys\[0\]: is not a webhook key/,
  ],
  ['no webhook key', '{ kind: webhook, url: https://a.example/, keys: [] }', /keys: is empty/],
  [
    'an EncodingAESKey of another length',
    '{ kind: wecom, corp_id: w, agent_id: 1, secret: s, token: t, encoding_aes_key: abc }',
    /is not an EncodingAESKey/,
  ],
  [
    'a sender with a name',
    '{ kind: email, host: h, from: "Gateway <a@b.example>" }',
    /from: is not an address/,
  ],
  [
    'half a log-in',
    '{ kind: email, host: h, from: a@b.example, user: x }',
    /only one of user and password/,
  ],
  [
    'a password in clear',
    '{ kind: email, host: h, from: a@b.example, user: x, password: y, security: none }',
    /would send the password in clear/,
  ],
  ['a name that is no path', '{ kind: log, name: "../x" }', /is not a channel name/],
] as const)
  test(`${what} is refused with what to write instead, and without the secret`, (t) => {
    const { problems } = load(t, `    - ${channel}`)
    assert.match(problems, problem)
    assert.doesNotMatch(problems, /access_token=1/)
  })

test('two channels of one name are refused', (t) => {
  const { problems } = load(t, '    - { kind: log }\n    - { kind: log }')
  assert.match(problems, /channels\[1\]: channels\[0\] has the same name `log`/)
})

for (const channel of [
  '{ kind: log }',
  '{ kind: slack, base_url: http://slack.local, bot_token: x, signing_secret: y }',
  `{ kind: webhook, url: http://a.example/hook, keys: ["${key}"] }`,
  '{ kind: email, host: h, from: a@b.example, security: none }',
])
  test(`start refuses what is only fit for trying: ${channel.slice(0, 40)}`, (t) => {
    assert.match(load(t, `    - ${channel}`, 'start').problems, /`start` refuses it/)
    assert.equal(load(t, `    - ${channel}`).problems, '')
  })
