import type { OutboundFetch } from '@ath-protocol/server'
import { type Clock, fail, ok, type Result } from '@ath-protocol/types'
import type { SlackChannel } from '../config/channels.ts'
import { asAction, asConsentId, parseJson, refuseCallback, taken, textBody } from './callback.ts'
import type { CallbackFault, Channel, DeliveryFault, Press, Pressed } from './channel.ts'
import { addressOf } from './identity.ts'
import { escapeMrkdwn, renderSlack, renderSlackOutcome } from './render/slack.ts'
import { createVendor, memberOf, textOf, type VendorCall } from './vendor.ts'
import { checkSlack } from './wire/slack-signature.ts'

interface SlackPorts {
  readonly fetch: OutboundFetch
  readonly clock: Clock
  /** Work that goes on after Slack got its answer. */
  readonly later: (work: Promise<unknown>) => void
}

/** How long the note to a person who may not decide by button may take. */
const noteMilliseconds = 5000

/** A Slack app with a bot token: direct messages with buttons, by the Web API and signed interactions. */
export function createSlack(config: SlackChannel, { fetch, clock, later }: SlackPorts): Channel {
  const vendor = createVendor(fetch, config.baseUrl)
  const call = async (path: string, options: VendorCall) =>
    checkOk(
      await vendor(path, {
        ...options,
        headers: { ...options.headers, authorization: `Bearer ${config.botToken}` },
      }),
    )

  async function findAddress(
    { email }: { readonly email?: string },
    signal: AbortSignal,
  ): Promise<Result<string | undefined, DeliveryFault>> {
    if (email === undefined) return ok(undefined)
    const found = await call('/users.lookupByEmail', { method: 'GET', query: { email }, signal })
    if (!found.ok)
      return found.error.kind === 'refused' && found.error.code === 'users_not_found'
        ? ok(undefined)
        : found
    const user = memberOf(found.value, 'user')
    const [id, team] = [textOf(user, 'id'), textOf(user, 'team_id')]
    const isPerson = user['deleted'] !== true && user['is_bot'] !== true
    return ok(id !== '' && team !== '' && isPerson ? `${team}/${id}` : undefined)
  }

  /** Only whoever pressed sees it. */
  function tell(channel: string, user: string, pressed: Pressed): void {
    if (channel === '' || pressed.kind === 'decided') return
    const text =
      pressed.kind === 'review'
        ? `${escapeMrkdwn(pressed.title)} <${pressed.link}>`
        : escapeMrkdwn(pressed.title)
    const signal = AbortSignal.timeout(noteMilliseconds)
    later(call('/chat.postEphemeral', { json: { channel, user, text }, signal }))
  }

  return {
    name: config.name,
    hasButtons: true,
    findAddress,
    async deliver(card, to, signal) {
      const address = await addressOf(to, findAddress, signal)
      if (!address.ok) return address
      const externalId = address.value
      const sent = await call('/chat.postMessage', {
        json: {
          channel: externalId.split('/')[1],
          ...renderSlack(card),
          unfurl_links: false,
          unfurl_media: false,
        },
        signal,
      })
      if (!sent.ok) return sent
      const [channel, ts] = [textOf(sent.value, 'channel'), textOf(sent.value, 'ts')]
      if (channel === '' || ts === '') return fail({ kind: 'unreadable' })
      return ok({ reference: `${channel}/${ts}`, externalId })
    },
    async settle(reference, card, signal) {
      const [channel, ts] = reference.split('/')
      const changed = await call('/chat.update', {
        json: { channel, ts, ...renderSlackOutcome(card) },
        signal,
      })
      return changed.ok ? ok(undefined) : changed
    },
    async answer(call, press) {
      if (call.method !== 'POST') return refuseCallback('callback_method')
      const checked = checkSlack(config.signingSecret, call.headers, call.body, clock.now())
      if (!checked.ok) return refuseCallback(checked.error)
      const payload = parseJson(new URLSearchParams(textBody(call.body) ?? '').get('payload') ?? '')
      const read = readInteraction(payload, checked.value.signature)
      if (!read.ok) return refuseCallback(read.error)
      if (read.value === 'other') return taken
      const pressed = await press(read.value)
      const user = textOf(memberOf(payload, 'user'), 'id')
      tell(textOf(memberOf(payload, 'container'), 'channel_id'), user, pressed)
      return taken
    },
  }
}

/** A press, or `other`: a link button is told to us too, and other interactions of the same app may be. */
function readInteraction(
  payload: unknown,
  eventId: string,
): Result<Press | 'other', CallbackFault> {
  if (payload === undefined) return fail('callback_malformed')
  const actions = (payload as { actions?: unknown } | null)?.actions
  const [action, ...more] = Array.isArray(actions) ? (actions as unknown[]) : []
  const verb = asAction(textOf(action, 'action_id'))
  if (textOf(payload, 'type') !== 'block_actions' || verb === undefined || more.length > 0)
    return ok('other')
  const user = memberOf(payload, 'user')
  const [id, ownTeam] = [textOf(user, 'id'), textOf(user, 'team_id')]
  const consentId = asConsentId((action as { value?: unknown }).value)
  if (consentId === undefined || id === '') return fail('callback_malformed')
  const team = ownTeam === '' ? textOf(memberOf(payload, 'team'), 'id') : ownTeam
  return ok({ externalId: `${team}/${id}`, consentId, action: verb, eventId })
}

/** Slack says what is wrong in a 200. */
function checkOk(
  answer: Result<Readonly<Record<string, unknown>>, DeliveryFault>,
): Result<Readonly<Record<string, unknown>>, DeliveryFault> {
  if (!answer.ok || answer.value['ok'] === true) return answer
  const code = textOf(answer.value, 'error').slice(0, 100)
  return fail(code === 'ratelimited' ? { kind: 'limited' } : { kind: 'refused', code })
}
