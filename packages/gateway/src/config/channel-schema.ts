import { z } from 'zod'
import { readWebhookKey } from './webhook-key.ts'
import { integer, say, secret, text, webUrl } from './fields.ts'
import type { DevOnly } from './dev-only.ts'
import type { Finding } from './problem.ts'

const name = () =>
  text('write a short name', 'slack')
    .regex(
      /^[a-z0-9][a-z0-9_-]{0,31}$/,
      say('is not a channel name', 'lower-case letters, digits, - and _, like team-chat'),
    )
    .optional()
    .describe(
      'In records, and in the callback’s path `/ath/channels/<name>`. Default: the kind itself.',
    )

const baseUrl = (vendor: string) =>
  webUrl(`write the API’s base URL, like ${vendor}`)
    .default(vendor)
    .describe('The vendor’s API, where it is a private cloud or another region.')

/** A webhook’s URL is its password. */
const secretUrl = () =>
  secret().refine((value) => URL.canParse(value) && /^https?:\/\/[^/]/i.test(value), {
    error: say('is not an http(s) URL', 'copy the whole webhook URL, as ${VAR} or ${file:/path}'),
  })

const webhookHost = () =>
  webUrl('write the webhook’s scheme and host')
    .optional()
    .describe('The scheme and host that the webhook URL may have instead of the vendor’s own.')

const webhookKey = secret().refine((value) => readWebhookKey(value) !== undefined, {
  error: say('is not a webhook key', 'whsec_ and the base64 of 24 to 64 random bytes'),
})

const kinds = [
  z
    .strictObject({
      kind: z.literal('slack'),
      name: name(),
      base_url: baseUrl('https://slack.com/api'),
      bot_token: secret().describe(
        'The app’s bot token (begins with `xoxb-`) with `chat:write`, `users:read` and `users:read.email`.',
      ),
      signing_secret: secret().describe('The app’s signing secret: checks what comes back.'),
    })
    .describe('A Slack app: a direct message with buttons.'),
  z
    .strictObject({
      kind: z.literal('teams'),
      name: name(),
      webhook_url: secretUrl().describe('The Workflows webhook.'),
      base_url: webhookHost(),
    })
    .describe('A Microsoft Teams Workflows webhook: a card with a link.'),
  z
    .strictObject({
      kind: z.literal('feishu'),
      name: name(),
      base_url: baseUrl('https://open.feishu.cn'),
      app_id: text('write the app id', 'cli_a1b2c3d4').describe('The app’s id.'),
      app_secret: secret().describe('The app’s secret.'),
      encrypt_key: secret().describe('Encrypt Key of events and callbacks: signs and seals them.'),
      verification_token: secret().describe('Verification Token of events and callbacks.'),
    })
    .describe('A Feishu or Lark app: a message card with buttons.'),
  z
    .strictObject({
      kind: z.literal('feishu_bot'),
      name: name(),
      webhook_url: secretUrl().describe('The custom bot’s webhook.'),
      secret: secret().describe('The custom bot’s signature secret.'),
      base_url: webhookHost(),
    })
    .describe('A Feishu or Lark custom bot in a group: a card with a link.'),
  z
    .strictObject({
      kind: z.literal('dingtalk_bot'),
      name: name(),
      webhook_url: secretUrl().describe('The robot’s webhook with its `access_token`.'),
      secret: secret().describe('The robot’s signature secret (begins with `SEC`).'),
      base_url: webhookHost(),
    })
    .describe('A DingTalk robot in a group: an action card with a link.'),
  z
    .strictObject({
      kind: z.literal('wecom'),
      name: name(),
      base_url: baseUrl('https://qyapi.weixin.qq.com'),
      corp_id: text('write the corp id', 'ww1234567890abcdef').describe('The company’s id.'),
      agent_id: integer(1, 2_147_483_647).describe('The app’s AgentId.'),
      secret: secret().describe('The app’s secret.'),
      token: secret().describe('Token of the app’s message callback.'),
      encoding_aes_key: secret()
        .regex(/^[A-Za-z0-9]{43}$/, say('is not an EncodingAESKey', 'it has 43 letters and digits'))
        .describe('EncodingAESKey of the app’s message callback.'),
    })
    .describe('A WeCom app: a template card with buttons.'),
  z
    .strictObject({
      kind: z.literal('email'),
      name: name(),
      host: text('write the mail server’s host', 'smtp.corp.example').describe('The mail server.'),
      port: integer(1, 65_535).default(587).describe('Its port.'),
      security: z
        .enum(['tls', 'starttls', 'none'])
        .default('starttls')
        .describe(
          '`tls` from the first byte (465), or by STARTTLS, without which nothing is sent.',
        ),
      user: text('write the account’s name', 'sallyport').optional().describe('To sign in with.'),
      password: secret().optional().describe('Its password.'),
      from: text('write the sender’s address', 'sallyport@corp.example')
        .regex(
          /^[^\s<>@"]{1,64}@[^\s<>@"]{1,255}$/,
          say('is not an address', 'write it without a name, like sallyport@corp.example'),
        )
        .describe('The sender’s address.'),
    })
    .describe('E-mail by SMTP: a message with a link.'),
  z
    .strictObject({
      kind: z.literal('webhook'),
      name: name(),
      url: secretUrl().describe('Where questions and outcomes are posted.'),
      keys: z
        .array(webhookKey)
        .min(1, say('is empty', 'give a key as ${VAR} or ${file:/path}'))
        .max(4)
        .describe(
          'Sign every message; each begins with `whsec_`, and there are two while they change.',
        ),
      callback_keys: z
        .array(webhookKey)
        .max(4)
        .default([])
        .describe('Sign what comes back. Without one the receiver cannot answer for anybody.'),
    })
    .describe('Any program, by Standard Webhooks.'),
  z
    .strictObject({ kind: z.literal('log'), name: name() })
    .describe('The link in the gateway’s own log. Development only.'),
] as const

export const confirmSchema = z.strictObject({
  language: z
    .enum(['en', 'zh-CN'])
    .default('en')
    .describe('The language of messages. Pages follow the reader’s browser.'),
  channels: z
    .array(z.discriminatedUnion('kind', kinds))
    .max(20)
    .default([])
    .describe('How people are told of a question, in this order: the next when one fails.'),
})

type ConfirmFile = z.output<typeof confirmSchema>
export type ChannelEntry = ConfirmFile['channels'][number]

export const channelName = (channel: ChannelEntry): string => channel.name ?? channel.kind

/** What only shows when channels are held against each other, and against their vendors. */
export function checkChannels({ channels }: ConfirmFile): readonly Finding[] {
  const seen = new Map<string, number>()
  return channels.flatMap((channel, index): Finding[] => {
    const path = ['confirm', 'channels', index]
    const first = seen.get(channelName(channel))
    seen.set(channelName(channel), first ?? index)
    const findings: Finding[] = []
    if (first !== undefined)
      findings.push({
        path: channel.name === undefined ? path : [...path, 'name'],
        problem: `channels[${first}] has the same name \`${channelName(channel)}\``,
        fix: 'give one of them a name of its own',
      })
    return [...findings, ...checkWebhookHost(channel, path), ...checkMail(channel, path)]
  })
}

/** The hosts that a vendor gives webhooks at; a beginning with a dot is any host below. */
const webhookHosts = {
  teams: ['.logic.azure.com', '.api.powerplatform.com'],
  feishu_bot: ['open.feishu.cn', 'open.larksuite.com'],
  dingtalk_bot: ['oapi.dingtalk.com'],
} as const

function checkWebhookHost(channel: ChannelEntry, path: Finding['path']): readonly Finding[] {
  if (!('webhook_url' in channel)) return []
  const url = new URL(channel.webhook_url)
  const at = [...path, 'webhook_url']
  if (channel.base_url !== undefined)
    return new URL(channel.base_url).origin === url.origin
      ? []
      : [{ path: at, problem: 'is not at base_url', fix: 'make the two agree, or remove base_url' }]
  const hosts = webhookHosts[channel.kind]
  const isTheirs = hosts.some((host) =>
    host.startsWith('.') ? url.hostname.endsWith(host) : url.hostname === host,
  )
  if (isTheirs && url.protocol === 'https:') return []
  const fix = url.hostname.endsWith('.webhook.office.com')
    ? 'Office 365 connectors have ended: make a webhook in Workflows'
    : `it is https at ${hosts.map((host) => (host.startsWith('.') ? `*${host}` : host)).join(' or ')}; for a private cloud give base_url`
  return [{ path: at, problem: `is no webhook of ${channel.kind}`, fix }]
}

function checkMail(channel: ChannelEntry, path: Finding['path']): readonly Finding[] {
  if (channel.kind !== 'email') return []
  if ((channel.user === undefined) !== (channel.password === undefined))
    return [{ path, problem: 'has only one of user and password', fix: 'give both or neither' }]
  if (channel.security === 'none' && channel.password !== undefined)
    return [
      {
        path: [...path, 'security'],
        problem: 'would send the password in clear',
        fix: 'use starttls or tls',
      },
    ]
  return []
}

/** Channels that are fine for trying things out and nowhere else. */
export function channelSettings({ channels }: ConfirmFile): readonly DevOnly[] {
  return channels.flatMap((channel, index): readonly DevOnly[] => {
    const path = ['confirm', 'channels', index]
    const what = `channel ${channelName(channel)}`
    if (channel.kind === 'log')
      return [
        {
          path: [...path, 'kind'],
          sentence: `${what} writes links for people into the log`,
          problem: 'writes links for people into the log',
          fix: 'use a channel that reaches them: slack, teams, feishu, dingtalk_bot, wecom, email, webhook',
        },
      ]
    if (channel.kind === 'email' && channel.security === 'none')
      return [
        {
          path: [...path, 'security'],
          sentence: `${what} sends mails in clear`,
          problem: 'sends mails in clear',
          fix: 'use starttls or tls',
        },
      ]
    const urls = Object.entries(channel).filter(([key]) => /(^|_)url$/.test(key))
    return urls
      .filter(([, url]) => typeof url === 'string' && new URL(url).protocol !== 'https:')
      .map(([key]) => ({
        path: [...path, key],
        sentence: `${what} is reached by plain http`,
        problem: 'is plain http: secrets would travel in clear',
        fix: 'write an https URL',
      }))
  })
}
