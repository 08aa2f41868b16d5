import { jsonAnswer, type OutboundFetch } from '@ath-protocol/server'
import { type Clock, ok, type Random } from '@ath-protocol/types'
import type { WebhookChannel } from '../config/channels.ts'
import { answered, asAction, asConsentId, parseJson, refuseCallback, textBody } from './callback.ts'
import type { Channel, Pressed } from './channel.ts'
import { renderWebhook, renderWebhookOutcome } from './render/webhook.ts'
import { createVendor, memberOf, textOf } from './vendor.ts'
import { checkWebhook, webhookHeaders } from './wire/standard-webhook.ts'

interface WebhookPorts {
  readonly fetch: OutboundFetch
  readonly clock: Clock
  readonly random: Random
}

/**
 * Any program that speaks Standard Webhooks. It has no directory of people to ask: with `callbackKeys` it answers for
 * the people it was asked about, by the id that the question names, so its key is worth their low-risk answers.
 */
export function createWebhook(
  config: WebhookChannel,
  { fetch, clock, random }: WebhookPorts,
): Channel {
  const { origin, pathname, search } = new URL(config.url)
  const vendor = createVendor(fetch, origin)

  /** The id stays the same when it is sent again, so that the receiver takes it once. */
  async function post(id: string, payload: object, signal: AbortSignal) {
    const body = JSON.stringify(payload)
    const timestamp = String(Math.floor(clock.now()))
    const headers = webhookHeaders(config.keys, { id, timestamp, body })
    const query = Object.fromEntries(new URLSearchParams(search))
    const answer = await vendor(pathname, { headers, query, json: payload, signal })
    // What a receiver writes into its answer is its own affair; the status counts.
    return answer.ok || answer.error.kind === 'unreadable' ? ok(undefined) : answer
  }

  return {
    name: config.name,
    hasButtons: config.callbackKeys.length > 0,
    async deliver(card, { person }, signal) {
      const id = `msg_${card.reference.value}`
      const sent = await post(id, renderWebhook(card, clock.now()), signal)
      return sent.ok ? ok({ reference: card.consentId, externalId: person.id }) : sent
    },
    async settle(reference, card, signal) {
      const id = `msg_${random.token(16)}`
      return post(id, renderWebhookOutcome(reference, card, clock.now()), signal)
    },
    async answer(call, press) {
      if (config.callbackKeys.length === 0) return refuseCallback('callback_signature')
      if (call.method !== 'POST') return refuseCallback('callback_method')
      const checked = checkWebhook(config.callbackKeys, call.headers, call.body, clock.now())
      if (!checked.ok) return refuseCallback(checked.error)
      const payload = parseJson(textBody(call.body) ?? '')
      const data = memberOf(payload, 'data')
      const [consentId, action] = [asConsentId(data['consent']), asAction(data['action'])]
      const externalId = textOf(data, 'person')
      if (
        textOf(payload, 'type') !== 'confirmation.answered' ||
        !consentId ||
        !action ||
        !externalId
      )
        return refuseCallback('callback_malformed')
      const pressed = await press({ externalId, consentId, action, eventId: checked.value.id })
      return answered(jsonAnswer(200, showPressed(pressed)))
    },
  }
}

function showPressed(pressed: Pressed): object {
  switch (pressed.kind) {
    case 'decided':
      return { result: 'decided', outcome: pressed.card.outcome, title: pressed.card.title }
    case 'review':
      return { result: 'review', title: pressed.title, link: pressed.link }
    default:
      return { result: pressed.kind, title: pressed.title }
  }
}
