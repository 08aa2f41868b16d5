import {
  type AthAnswer,
  type AthCall,
  callerKey,
  type ConsentNotifier,
  jsonAnswer,
  type OutboundFetch,
} from '@ath-protocol/server'
import type { Random, Rate } from '@ath-protocol/types'
import type { ChannelConfig, ConfirmConfig, EmailChannel } from '../config/channels.ts'
import type { Mailer } from '../ports/mailer.ts'
import { createDingtalkBot, createFeishuBot, createTeams } from './bots.ts'
import { refuseCallback } from './callback.ts'
import type { Channel, CallbackFault } from './channel.ts'
import { createEmail } from './email.ts'
import { createFeishu } from './feishu.ts'
import { createLogChannel } from './log.ts'
import { createNotifier, type NotifierOptions, type NotifierPorts } from './notifier.ts'
import { pressButton, type PressPorts } from './press.ts'
import { createSlack } from './slack.ts'
import { createWebhook } from './webhook.ts'
import { createWecom } from './wecom.ts'

export interface ChannelPorts extends NotifierPorts {
  readonly fetch: OutboundFetch
  readonly random: Random
  readonly openMailer: (config: EmailChannel) => Mailer
}

export interface Channels {
  readonly notifier: ConsentNotifier
  /**
   * Answers a vendor's callback at `/ath/channels/<name>`; undefined for every other path. `ports` are those of the
   * endpoints, since a press decides as they do.
   */
  answer(call: AthCall, ports: PressPorts): Promise<AthAnswer> | undefined
  /** Resolves once nothing is on its way any more. */
  idle(): Promise<void>
  close(): Promise<void>
}

const callbackPath = /^\/ath\/channels\/([a-z0-9][a-z0-9_-]{0,31})$/
/** A vendor calls from few addresses, for everybody. */
const callbacks: Rate = { count: 600, perSeconds: 60 }

/** Opens the channels of a configuration, and the way back from them. */
export function openChannels(
  config: ConfirmConfig,
  ports: ChannelPorts,
  options: Pick<NotifierOptions, 'attemptMilliseconds' | 'perPerson' | 'perAgent'> = {},
): Channels {
  const mailers: Mailer[] = []
  const running = new Set<Promise<unknown>>()
  const later = (work: Promise<unknown>) => {
    const quiet = work.catch(ports.report).finally(() => running.delete(quiet))
    running.add(quiet)
  }
  const channels = config.channels.map((channel) => openChannel(channel, ports, later, mailers))
  const { language } = config
  const notifier = createNotifier(ports, { channels, language, ...options })

  async function take(channel: Channel, call: AthCall, press: PressPorts): Promise<AthAnswer> {
    const limited = ports.limits.takeRate(callbacks, `callback ${callerKey(call.ip)}`)
    if (limited)
      return jsonAnswer(
        429,
        { error: 'rate_limited' },
        { 'retry-after': String(limited.retryAfterSeconds) },
      )
    const { answer, refused } = channel.answer
      ? await channel.answer(call, (one) => pressButton(press, channel, language, one))
      : refuseCallback('callback_method')
    if (refused) await recordRefused(ports, channel.name, call, refused)
    return answer
  }

  async function idle(): Promise<void> {
    await notifier.idle()
    while (running.size > 0) await Promise.all(running)
  }

  return {
    notifier,
    answer(call, press) {
      const name = callbackPath.exec(call.path)?.[1]
      const channel = channels.find((one) => one.name === name && one.answer)
      return channel ? take(channel, call, press) : undefined
    },
    idle,
    async close() {
      await idle()
      for (const mailer of mailers) mailer.close()
    },
  }
}

function openChannel(
  config: ChannelConfig,
  ports: ChannelPorts,
  later: (work: Promise<unknown>) => void,
  mailers: Mailer[],
): Channel {
  switch (config.kind) {
    case 'slack':
      return createSlack(config, { ...ports, later })
    case 'teams':
      return createTeams(config, ports)
    case 'feishu':
      return createFeishu(config, ports)
    case 'feishu_bot':
      return createFeishuBot(config, ports)
    case 'dingtalk_bot':
      return createDingtalkBot(config, ports)
    case 'wecom':
      return createWecom(config, ports)
    case 'webhook':
      return createWebhook(config, ports)
    case 'log':
      return createLogChannel(config.name, ports.log)
    case 'email': {
      const mailer = ports.openMailer(config)
      mailers.push(mailer)
      return createEmail(config, mailer)
    }
  }
}

async function recordRefused(
  { audit }: Pick<ChannelPorts, 'audit'>,
  channel: string,
  call: AthCall,
  reason: CallbackFault,
): Promise<void> {
  audit.record({
    event: 'request_refused',
    reached: 'identify',
    outcome: 'denied',
    denial_reason: reason,
    auth_method: `chat:${channel}`,
    method: call.method,
    path: call.path,
    ip: call.ip,
  })
  await audit.settled()
}
