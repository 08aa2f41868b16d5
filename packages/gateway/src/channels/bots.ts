import type { OutboundFetch } from '@ath-protocol/server'
import { type Clock, fail, ok, type Result } from '@ath-protocol/types'
import type { DingtalkBotChannel, FeishuBotChannel, TeamsChannel } from '../config/channels.ts'
import type { Channel, Delivered, DeliveryFault } from './channel.ts'
import { renderDingtalk } from './render/dingtalk.ts'
import { renderFeishu } from './render/feishu.ts'
import { renderTeams } from './render/teams.ts'
import { createVendor } from './vendor.ts'
import { signDingtalk, signFeishuBot } from './wire/bot-signature.ts'

/** Webhooks into a group: a message with a link. Nothing comes back, and nothing can be changed later. */
interface BotPorts {
  readonly fetch: OutboundFetch
  readonly clock: Clock
}

type Read = Result<Readonly<Record<string, unknown>>, DeliveryFault>

/** A Microsoft Teams Workflows webhook. It answers 202 with nothing. */
export function createTeams(config: TeamsChannel, { fetch }: BotPorts): Channel {
  const post = postTo(fetch, config.webhookUrl)
  return {
    name: config.name,
    hasButtons: false,
    deliver: async (card, _to, signal) => sent(await post(renderTeams(card), {}, signal)),
  }
}

/** A Feishu or Lark custom bot, which signs in its body, with a scheme other than an app's. */
export function createFeishuBot(config: FeishuBotChannel, { fetch, clock }: BotPorts): Channel {
  const post = postTo(fetch, config.webhookUrl)
  return {
    name: config.name,
    hasButtons: false,
    async deliver(card, _to, signal) {
      const timestamp = String(Math.floor(clock.now()))
      const message = { msg_type: 'interactive', card: renderFeishu(card) }
      const signed = { timestamp, sign: signFeishuBot(config.secret, timestamp), ...message }
      return sent(checkZero(await post(signed, {}, signal), 'code'))
    },
  }
}

/** A DingTalk robot, which signs in its query. */
export function createDingtalkBot(config: DingtalkBotChannel, { fetch, clock }: BotPorts): Channel {
  const post = postTo(fetch, config.webhookUrl)
  return {
    name: config.name,
    hasButtons: false,
    async deliver(card, _to, signal) {
      const timestamp = String(Math.floor(clock.now() * 1000))
      const query = { timestamp, sign: signDingtalk(config.secret, timestamp) }
      return sent(checkZero(await post(renderDingtalk(card), query, signal), 'errcode'))
    },
  }
}

/** The webhook's own query holds its secret and stays. */
function postTo(fetch: OutboundFetch, webhookUrl: string) {
  const { origin, pathname, searchParams } = new URL(webhookUrl)
  const vendor = createVendor(fetch, origin)
  return (json: object, query: Readonly<Record<string, string>>, signal: AbortSignal) =>
    vendor(pathname, { json, query: { ...Object.fromEntries(searchParams), ...query }, signal })
}

function checkZero(answer: Read, member: 'code' | 'errcode'): Read {
  if (!answer.ok || answer.value[member] === 0) return answer
  return fail({ kind: 'refused', code: String(answer.value[member]).slice(0, 20) })
}

const sent = (answer: Read): Result<Delivered, DeliveryFault> =>
  answer.ok ? ok({ reference: '' }) : answer
