import type { Language } from '@ath-protocol/server/parts'

/** How people are asked outside the gateway's own pages. */
export interface ConfirmConfig {
  readonly language: Language
  /** Tried in this order. */
  readonly channels: readonly ChannelConfig[]
}

export type ChannelConfig =
  | SlackChannel
  | TeamsChannel
  | FeishuChannel
  | FeishuBotChannel
  | DingtalkBotChannel
  | WecomChannel
  | EmailChannel
  | WebhookChannel
  | LogChannel

export interface SlackChannel {
  readonly kind: 'slack'
  readonly name: string
  /** Without trailing slash. */
  readonly baseUrl: string
  readonly botToken: string
  readonly signingSecret: string
}

export interface TeamsChannel {
  readonly kind: 'teams'
  readonly name: string
  readonly webhookUrl: string
}

export interface FeishuChannel {
  readonly kind: 'feishu'
  readonly name: string
  readonly baseUrl: string
  readonly appId: string
  readonly appSecret: string
  readonly encryptKey: string
  readonly verificationToken: string
}

export interface FeishuBotChannel {
  readonly kind: 'feishu_bot'
  readonly name: string
  readonly webhookUrl: string
  readonly secret: string
}

export interface DingtalkBotChannel {
  readonly kind: 'dingtalk_bot'
  readonly name: string
  readonly webhookUrl: string
  readonly secret: string
}

export interface WecomChannel {
  readonly kind: 'wecom'
  readonly name: string
  readonly baseUrl: string
  readonly corpId: string
  readonly agentId: number
  readonly secret: string
  readonly token: string
  readonly encodingAesKey: string
}

export interface EmailChannel {
  readonly kind: 'email'
  readonly name: string
  readonly host: string
  readonly port: number
  /** `starttls` refuses to go on without it; `none` is for tests and a relay on this machine. */
  readonly security: 'tls' | 'starttls' | 'none'
  readonly user?: string
  readonly password?: string
  readonly from: string
}

export interface WebhookChannel {
  readonly kind: 'webhook'
  readonly name: string
  readonly url: string
  /** The bytes of the `whsec_` keys; every message is signed with each. */
  readonly keys: readonly Uint8Array[]
  /** Of these any may have signed a callback; none: nothing is taken back. */
  readonly callbackKeys: readonly Uint8Array[]
}

export interface LogChannel {
  readonly kind: 'log'
  readonly name: string
}
