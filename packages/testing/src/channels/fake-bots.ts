import { createHmac } from 'node:crypto'
import { feishuCardFaults } from './feishu-card.ts'
import {
  asList,
  asRecord,
  jsonBody,
  openVendorServer,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from './vendor-server.ts'

/** Webhooks into a group: what came, and the URL to post to. */
export interface FakeBot extends VendorServer {
  readonly webhookUrl: string
  readonly messages: Record<string, unknown>[]
}

const hour = 3600

async function createBot(
  path: string,
  take: (
    request: VendorRequest,
    body: Record<string, unknown>,
  ) => { readonly fault?: string; readonly answer: VendorAnswer },
): Promise<FakeBot> {
  const messages: Record<string, unknown>[] = []
  const wanted = new URL(path, 'http://bot')
  const server = await openVendorServer((request) => {
    if (request.method !== 'POST' || request.path !== wanted.pathname) return undefined
    for (const [name, value] of wanted.searchParams)
      if (request.query.get(name) !== value) return undefined
    const body = jsonBody(request)
    if (!body) return { status: 400, body: {} }
    const { fault, answer } = take(request, body)
    if (fault === undefined) messages.push(body)
    else server.faults.push(fault)
    return answer
  })
  return Object.assign(server, { webhookUrl: server.origin + path, messages })
}

/** A Teams Workflows webhook: one Adaptive Card, whose only actions open pages. It answers 202 with nothing. */
export function createFakeTeams(): Promise<FakeBot> {
  return createBot('/workflows/x/triggers/manual/paths/invoke?sig=s3cret', (_request, body) => {
    const [attachment, ...more] = asList(body['attachments'])
    const card = asRecord(attachment?.['content'])
    const isCard =
      body['type'] === 'message' &&
      more.length === 0 &&
      attachment?.['contentType'] === 'application/vnd.microsoft.card.adaptive' &&
      card?.['type'] === 'AdaptiveCard' &&
      asList(card['actions']).every(({ type }) => type === 'Action.OpenUrl')
    return isCard
      ? { answer: { status: 202, body: '' } }
      : { fault: 'not an Adaptive Card', answer: { status: 400, body: {} } }
  })
}

/** A Feishu custom bot with a signature check: base64 HMAC-SHA256 of nothing under `timestamp\nsecret`. */
export function createFakeFeishuBot(secret: string): Promise<FakeBot> {
  return createBot('/open-apis/bot/v2/hook/abc-123', (_request, body) => {
    const { timestamp, sign, msg_type, card } = body
    const wanted = createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64')
    const fault =
      sign !== wanted || Math.abs(Date.now() / 1000 - Number(timestamp)) > hour
        ? '19021 sign match fail or timestamp is not within one hour'
        : msg_type !== 'interactive' || feishuCardFaults(asRecord(card)).length > 0
          ? '9499 bad card'
          : undefined
    const answer = { body: { code: fault ? 19021 : 0, msg: fault ?? 'success', data: {} } }
    return fault === undefined ? { answer } : { fault, answer }
  })
}

/** A DingTalk robot with a signature check: base64 HMAC-SHA256 of `timestamp\nsecret` under the secret. */
export function createFakeDingtalkBot(secret: string): Promise<FakeBot> {
  return createBot('/robot/send?access_token=t0ken', ({ query }, body) => {
    const timestamp = query.get('timestamp') ?? ''
    const wanted = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64')
    const { title, text, singleTitle, singleURL } = asRecord(body['actionCard']) ?? {}
    const fault =
      query.get('sign') !== wanted || Math.abs(Date.now() - Number(timestamp)) > hour * 1000
        ? '310000 sign not match'
        : body['msgtype'] !== 'actionCard' || !title || !text || !singleTitle || !singleURL
          ? '400105 unsupported msgtype'
          : undefined
    const answer = { body: { errcode: fault ? 310000 : 0, errmsg: fault ?? 'ok' } }
    return fault === undefined ? { answer } : { fault, answer }
  })
}
