import type { AthCall, OutboundFetch } from '@ath-protocol/server'
import { type Clock, fail, ok, type Result } from '@ath-protocol/types'
import type { WecomChannel } from '../config/channels.ts'
import { answered, asAction, asConsentId, refuseCallback, taken, textBody } from './callback.ts'
import type { CallbackAnswer, Channel, DeliveryFault, PressButton } from './channel.ts'
import { addressOf } from './identity.ts'
import { renderWecom, renderWecomOutcome } from './render/wecom.ts'
import { TenantToken } from './tenant-token.ts'
import { createVendor, textOf, type VendorCall } from './vendor.ts'
import { readFlatXml } from './wire/flat-xml.ts'
import { openWecom } from './wire/wecom-cipher.ts'

type Read = Result<Readonly<Record<string, unknown>>, DeliveryFault>

/** The vendor's codes for an access token that is over. */
const tokenOver = new Set(['40014', '42001', '41001'])
/** Nobody has this address; 60111 and 46004 both say so, by API version. */
const unknownPerson = new Set(['46004', '60111'])

interface WecomPorts {
  readonly fetch: OutboundFetch
  readonly clock: Clock
}

/** The app's calls, with its access token, which the vendor wants in the query. */
function openApi(
  { baseUrl, corpId, secret }: WecomChannel,
  { fetch, clock }: WecomPorts,
): (path: string, options: VendorCall) => Promise<Read> {
  const vendor = createVendor(fetch, baseUrl)
  const token = new TenantToken(
    async (signal) => {
      const query = { corpid: corpId, corpsecret: secret }
      const answer = checkCode(await vendor('/cgi-bin/gettoken', { method: 'GET', query, signal }))
      if (!answer.ok) return answer
      return ok({
        token: textOf(answer.value, 'access_token'),
        lifetimeSeconds: Number(answer.value['expires_in']),
      })
    },
    tokenOver,
    clock,
  )
  return (path, options) =>
    token.use(options.signal, async (held) =>
      checkCode(await vendor(path, { ...options, query: { access_token: held } })),
    )
}

/** A WeCom app: template cards with buttons, and encrypted XML callbacks. */
export function createWecom(config: WecomChannel, ports: WecomPorts): Channel {
  const call = openApi(config, ports)

  async function findAddress(
    { email }: { readonly email?: string },
    signal: AbortSignal,
  ): Promise<Result<string | undefined, DeliveryFault>> {
    if (email === undefined) return ok(undefined)
    // 1: the company's own addresses. The other kind is what a member wrote down themselves, and proves nothing.
    const found = await call('/cgi-bin/user/get_userid_by_email', {
      json: { email, email_type: 1 },
      signal,
    })
    if (!found.ok)
      return found.error.kind === 'refused' && unknownPerson.has(found.error.code)
        ? ok(undefined)
        : found
    return ok(textOf(found.value, 'userid') || undefined)
  }

  return {
    name: config.name,
    hasButtons: true,
    findAddress,
    async deliver(card, to, signal) {
      const address = await addressOf(to, findAddress, signal)
      if (!address.ok) return address
      const externalId = address.value
      const sent = await call('/cgi-bin/message/send', {
        json: {
          touser: externalId,
          msgtype: 'template_card',
          agentid: config.agentId,
          template_card: renderWecom(card),
        },
        signal,
      })
      if (!sent.ok) return sent
      // The vendor takes a message to somebody who may not get it, and says so beside its yes.
      if (textOf(sent.value, 'invaliduser') !== '') return fail({ kind: 'no_address' })
      const code = textOf(sent.value, 'response_code')
      return ok({ reference: code === '' ? '' : `${externalId} ${code}`, externalId })
    },
    async settle(reference, card, signal) {
      const [userId, code] = reference.split(' ')
      const changed = await call('/cgi-bin/message/update_template_card', {
        json: {
          userids: [userId],
          agentid: config.agentId,
          response_code: code,
          button: renderWecomOutcome(card),
        },
        signal,
      })
      return changed.ok ? ok(undefined) : changed
    },
    answer: (call, press) => answerWecom(config, call, press, ports.clock.now()),
  }
}

async function answerWecom(
  config: WecomChannel,
  call: AthCall,
  press: PressButton,
  now: number,
): Promise<CallbackAnswer> {
  if (call.method === 'GET') {
    // The vendor checks the address once, when it is configured: it wants its own text back, opened.
    const opened = openWecom(config, call.query, call.query.get('echostr') ?? '', now)
    return opened.ok ? echo(opened.value) : refuseCallback(opened.error)
  }
  if (call.method !== 'POST') return refuseCallback('callback_method')
  const outer = readFlatXml(textBody(call.body) ?? '')
  if (!outer?.['Encrypt']) return refuseCallback('callback_malformed')
  const opened = openWecom(config, call.query, outer['Encrypt'], now)
  if (!opened.ok) return refuseCallback(opened.error)
  const event = readFlatXml(opened.value)
  if (!event) return refuseCallback('callback_malformed')
  if (event['Event'] !== 'template_card_event') return taken
  const [consentId, action] = [asConsentId(event['TaskId']), asAction(event['EventKey'])]
  const externalId = event['FromUserName'] ?? ''
  if (consentId === undefined || action === undefined || externalId === '')
    return refuseCallback('callback_malformed')
  if (event['AgentID'] !== String(config.agentId)) return refuseCallback('callback_signature')
  const eventId = `${call.query.get('timestamp')} ${call.query.get('nonce')} ${call.query.get('msg_signature')}`
  // What became of it is put on the card when the question is settled; here there is no place for a text.
  await press({ externalId, consentId, action, eventId })
  return taken
}

const echo = (body: string): CallbackAnswer =>
  answered({
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    body: body.slice(0, 200),
  })

/** The vendor says what is wrong with an `errcode` other than 0. */
function checkCode(answer: Read): Read {
  if (!answer.ok || answer.value['errcode'] === 0) return answer
  const code = String(answer.value['errcode']).slice(0, 20)
  return fail(code === '45009' ? { kind: 'limited' } : { kind: 'refused', code })
}
