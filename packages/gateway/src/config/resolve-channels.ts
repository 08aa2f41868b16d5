import { readWebhookKey } from './webhook-key.ts'
import { type ChannelEntry, channelName } from './channel-schema.ts'
import type { ChannelConfig, ConfirmConfig } from './channels.ts'
import type { ConfigFile } from './schema.ts'

/** Channels as the gateway uses them. In development the log is one when there is no other. */
export function resolveConfirm({ confirm }: ConfigFile, mode: 'dev' | 'start'): ConfirmConfig {
  const channels = confirm.channels.map(resolveChannel)
  const log: ChannelConfig = { kind: 'log', name: 'log' }
  return {
    language: confirm.language,
    channels: channels.length === 0 && mode === 'dev' ? [log] : channels,
  }
}

function resolveChannel(entry: ChannelEntry): ChannelConfig {
  const name = channelName(entry)
  switch (entry.kind) {
    case 'slack':
      return {
        kind: 'slack',
        name,
        baseUrl: entry.base_url,
        botToken: entry.bot_token,
        signingSecret: entry.signing_secret,
      }
    case 'teams':
      return { kind: 'teams', name, webhookUrl: entry.webhook_url }
    case 'feishu':
      return {
        kind: 'feishu',
        name,
        baseUrl: entry.base_url,
        appId: entry.app_id,
        appSecret: entry.app_secret,
        encryptKey: entry.encrypt_key,
        verificationToken: entry.verification_token,
      }
    case 'feishu_bot':
    case 'dingtalk_bot':
      return { kind: entry.kind, name, webhookUrl: entry.webhook_url, secret: entry.secret }
    case 'wecom':
      return {
        kind: 'wecom',
        name,
        baseUrl: entry.base_url,
        corpId: entry.corp_id,
        agentId: entry.agent_id,
        secret: entry.secret,
        token: entry.token,
        encodingAesKey: entry.encoding_aes_key,
      }
    case 'email': {
      const { host, port, security, user, password, from } = entry
      return {
        kind: 'email',
        name,
        host,
        port,
        security,
        from,
        ...(user === undefined ? {} : { user }),
        ...(password === undefined ? {} : { password }),
      }
    }
    case 'webhook':
      return {
        kind: 'webhook',
        name,
        url: entry.url,
        keys: readKeys(entry.keys),
        callbackKeys: readKeys(entry.callback_keys),
      }
    case 'log':
      return { kind: 'log', name }
  }
}

/** They were checked when the file was read. */
const readKeys = (keys: readonly string[]): readonly Uint8Array[] =>
  keys.map(readWebhookKey).filter((key) => key !== undefined)
