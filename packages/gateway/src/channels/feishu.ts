import { type AthAnswer, type AthCall, jsonAnswer, type OutboundFetch } from '@ath-protocol/server'
import { type Clock, fail, ok, type Result } from '@ath-protocol/types'
import type { FeishuChannel } from '../config/channels.ts'
import { answered, asAction, asConsentId, parseJson, refuseCallback, textBody } from './callback.ts'
import type { CallbackAnswer, Channel, DeliveryFault, PressButton, Pressed } from './channel.ts'
import { addressOf } from './identity.ts'
import { renderFeishu, renderFeishuOutcome } from './render/feishu.ts'
import { TenantToken } from './tenant-token.ts'
import { createVendor, memberOf, textOf, type VendorCall } from './vendor.ts'
import { equalText } from './wire/equal-text.ts'
import { checkFeishu, openFeishu } from './wire/feishu-event.ts'

type Read = Result<Readonly<Record<string, unknown>>, DeliveryFault>

/** The vendor's codes for an access token that it does not take. */
const tokenOver = new Set(['99991663', '99991668'])
const tooMany = '99991400'

/** The app's calls, with its access token. */
function openApi(
  { baseUrl, appId, appSecret }: FeishuChannel,
  { fetch, clock }: FeishuPorts,
): (path: string, options: VendorCall) => Promise<Read> {
  const vendor = createVendor(fetch, baseUrl)
  const token = new TenantToken(
    async (signal) => {
      const path = '/open-apis/auth/v3/tenant_access_token/internal'
      const json = { app_id: appId, app_secret: appSecret }
      const answer = checkCode(await vendor(path, { json, signal }))
      if (!answer.ok) return answer
      return ok({
        token: textOf(answer.value, 'tenant_access_token'),
        lifetimeSeconds: Number(answer.value['expire']),
      })
    },
    tokenOver,
    clock,
  )
  return (path, options) =>
    token.use(options.signal, async (held) =>
      checkCode(await vendor(path, { ...options, headers: { authorization: `Bearer ${held}` } })),
    )
}

interface FeishuPorts {
  readonly fetch: OutboundFetch
  readonly clock: Clock
}

/** A Feishu or Lark app: message cards with buttons to one person, and card actions back, encrypted and signed. */
export function createFeishu(config: FeishuChannel, ports: FeishuPorts): Channel {
  const call = openApi(config, ports)

  async function findAddress(
    { email }: { readonly email?: string },
    signal: AbortSignal,
  ): Promise<Result<string | undefined, DeliveryFault>> {
    if (email === undefined) return ok(undefined)
    const found = await call('/open-apis/contact/v3/users/batch_get_id', {
      query: { user_id_type: 'open_id' },
      json: { emails: [email], include_resigned: false },
      signal,
    })
    if (!found.ok) return found
    const list = memberOf(found.value, 'data')['user_list']
    const ids = (Array.isArray(list) ? list : []).map((one) => textOf(one, 'user_id'))
    return ok(ids.find((id) => id !== ''))
  }

  return {
    name: config.name,
    hasButtons: true,
    findAddress,
    async deliver(card, to, signal) {
      const address = await addressOf(to, findAddress, signal)
      if (!address.ok) return address
      const externalId = address.value
      const sent = await call('/open-apis/im/v1/messages', {
        query: { receive_id_type: 'open_id' },
        json: {
          receive_id: externalId,
          msg_type: 'interactive',
          content: JSON.stringify(renderFeishu(card)),
          // Within an hour the vendor sends a message of one name once: a retry does not ask twice.
          uuid: card.reference.value,
        },
        signal,
      })
      if (!sent.ok) return sent
      const reference = textOf(memberOf(sent.value, 'data'), 'message_id')
      return reference === '' ? fail({ kind: 'unreadable' }) : ok({ reference, externalId })
    },
    async settle(reference, card, signal) {
      const changed = await call(`/open-apis/im/v1/messages/${encodeURIComponent(reference)}`, {
        method: 'PATCH',
        json: { content: JSON.stringify(renderFeishuOutcome(card)) },
        signal,
      })
      return changed.ok ? ok(undefined) : changed
    },
    answer: (call, press) => answerFeishu(config, call, press, ports.clock.now()),
  }
}

async function answerFeishu(
  config: FeishuChannel,
  call: AthCall,
  press: PressButton,
  now: number,
): Promise<CallbackAnswer> {
  if (call.method !== 'POST') return refuseCallback('callback_method')
  const encrypted = textOf(parseJson(textBody(call.body) ?? ''), 'encrypt')
  if (encrypted === '') return refuseCallback('callback_malformed')
  const signed = checkFeishu(config.encryptKey, call.headers, call.body, now)
  const opened = openFeishu(config.encryptKey, encrypted)
  if (!opened.ok) return refuseCallback(opened.error)
  const event = parseJson(opened.value)
  // The vendor asks for an echo before it signs anything; only who has the encrypt key gets one.
  if (textOf(event, 'type') === 'url_verification') return echo(config, event)
  if (!signed.ok) return refuseCallback(signed.error)
  return takeEvent(config, event, press)
}

function echo(config: FeishuChannel, event: unknown): CallbackAnswer {
  const challenge = textOf(event, 'challenge')
  return equalText(textOf(event, 'token'), config.verificationToken) && challenge.length <= 200
    ? answered(jsonAnswer(200, { challenge }))
    : refuseCallback('callback_signature')
}

async function takeEvent(
  config: FeishuChannel,
  value: unknown,
  press: PressButton,
): Promise<CallbackAnswer> {
  const header = memberOf(value, 'header')
  const event = memberOf(value, 'event')
  if (
    !equalText(textOf(header, 'token'), config.verificationToken) ||
    textOf(header, 'app_id') !== config.appId
  )
    return refuseCallback('callback_signature')
  if (textOf(header, 'event_type') !== 'card.action.trigger') return answered(jsonAnswer(200, {}))
  const { consent, action } = memberOf(memberOf(event, 'action'), 'value')
  const externalId = textOf(memberOf(event, 'operator'), 'open_id')
  const eventId = textOf(header, 'event_id')
  const [consentId, verb] = [asConsentId(consent), asAction(action)]
  if (consentId === undefined || verb === undefined || externalId === '' || eventId === '')
    return refuseCallback('callback_malformed')
  return answered(showPressed(await press({ externalId, consentId, action: verb, eventId })))
}

/** The answer to a card action shows a toast, and puts the outcome in the place of the card. */
function showPressed(pressed: Pressed): AthAnswer {
  const title = pressed.kind === 'decided' ? pressed.card.title : pressed.title
  const content = pressed.kind === 'review' ? `${title} ${pressed.link}` : title
  return jsonAnswer(200, {
    toast: { type: pressed.kind === 'decided' ? 'success' : 'warning', content },
    ...(pressed.kind === 'decided'
      ? { card: { type: 'raw', data: renderFeishuOutcome(pressed.card) } }
      : {}),
  })
}

/** The vendor says what is wrong with a `code` other than 0, beside a 200 or a 400. */
function checkCode(answer: Read): Read {
  const code = answer.ok
    ? String(answer.value['code']).slice(0, 20)
    : answer.error.kind === 'refused' && answer.error.code
  if (code === tooMany) return fail({ kind: 'limited' })
  return !answer.ok || code === '0' ? answer : fail({ kind: 'refused', code: String(code) })
}
