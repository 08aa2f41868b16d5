import { createCipheriv, createHash, randomBytes, randomUUID } from 'node:crypto'
import { feishuButtons, feishuCardFaults, feishuLines } from './feishu-card.ts'
import { callbackJson, sendCallback, type SentCallback } from './fake-slack.ts'
import {
  asRecord,
  jsonBody,
  messageCard,
  messagePage,
  openVendorServer,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from './vendor-server.ts'

export interface FakeFeishuOptions {
  readonly appId: string
  readonly appSecret: string
  readonly encryptKey: string
  readonly verificationToken: string
  /** `openId` is `ou_…`. */
  readonly people: readonly { readonly openId: string; readonly email: string }[]
  callbackUrl?: string
}

export interface FeishuMessage {
  readonly to: string
  readonly id: string
  card: Record<string, unknown>
  changes: number
  /** What popped up at the last press. */
  toast?: string
}

/** How a press is sent; all of it is honest unless told otherwise. */
export interface FeishuPress {
  readonly message: string
  readonly action: string
  readonly by?: string
  readonly encryptKey?: string
  readonly verificationToken?: string
  readonly at?: number
  /** Instead of the button's own value. */
  readonly value?: object
  /** Signs it in another way, e.g. as a custom bot's webhook is signed. */
  readonly sign?: (parts: {
    readonly timestamp: string
    readonly nonce: string
    readonly body: string
  }) => string
}

/** A Feishu app's API and its encrypted, signed card actions, as strict as the vendor is. */
export interface FakeFeishu extends VendorServer {
  readonly options: FakeFeishuOptions
  readonly messages: FeishuMessage[]
  /** Makes every access token that was given out count no more. */
  expireTokens(): void
  press(press: FeishuPress): Promise<SentCallback>
  /** What the vendor sends when the callback address is configured. */
  verifyUrl(challenge: string, encryptKey?: string): Promise<SentCallback>
}

export async function createFakeFeishu(options: FakeFeishuOptions): Promise<FakeFeishu> {
  const messages: FeishuMessage[] = []
  const sent = new Map<string, string>()
  const tokens = new Set<string>()
  const server = await openVendorServer((request) => {
    if (request.path === '/' && request.method === 'GET') return page()
    if (request.path === '/press' && request.method === 'POST') return pressFromPage(request)
    return request.path.startsWith('/open-apis/') ? api(request) : undefined
  })

  function api(request: VendorRequest): VendorAnswer | undefined {
    const body = jsonBody(request)
    if (!body) return no(9499, 'the body is not JSON')
    const call = `${request.method} ${request.path.slice('/open-apis'.length)}`
    if (call === 'POST /auth/v3/tenant_access_token/internal') return giveToken(body)
    const token = /^Bearer (t-[\w-]+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined || !tokens.has(token))
      return { status: 400, body: { code: 99991663, msg: 'token' } }
    if (call === 'POST /contact/v3/users/batch_get_id') return lookup(request, body)
    if (call === 'POST /im/v1/messages') return post(request, body)
    const patched = /^PATCH \/im\/v1\/messages\/(om_[\w-]+)$/.exec(call)?.[1]
    return patched === undefined ? undefined : patch(patched, body)
  }

  function giveToken({ app_id, app_secret }: Record<string, unknown>): VendorAnswer {
    if (app_id !== options.appId || app_secret !== options.appSecret) return no(10014, 'app secret')
    const token = `t-${randomUUID()}`
    tokens.add(token)
    return { body: { code: 0, msg: 'ok', tenant_access_token: token, expire: 7200 } }
  }

  function lookup({ query }: VendorRequest, body: Record<string, unknown>): VendorAnswer {
    const { emails } = body
    if (query.get('user_id_type') !== 'open_id' || !Array.isArray(emails) || emails.length > 50)
      return no(40001, 'batch_get_id')
    const user_list = emails.map((email: unknown) => {
      const found = options.people.find((person) => person.email === email)
      return found ? { email, user_id: found.openId } : { email }
    })
    return { body: { code: 0, msg: 'success', data: { user_list } } }
  }

  function post({ query }: VendorRequest, body: Record<string, unknown>): VendorAnswer {
    const { receive_id, msg_type, content, uuid } = body
    if (query.get('receive_id_type') !== 'open_id' || msg_type !== 'interactive')
      return no(230001, 'receive_id_type or msg_type')
    if (!options.people.some(({ openId }) => openId === receive_id))
      return no(230013, 'no such user')
    if (typeof uuid === 'string' && uuid.length > 50) return no(230001, 'uuid')
    const card = readCard(content)
    if (!card) return no(230099, 'the card')
    const before = typeof uuid === 'string' ? sent.get(uuid) : undefined
    const id = before ?? `om_${randomUUID()}`
    if (typeof uuid === 'string') sent.set(uuid, id)
    if (before === undefined) messages.push({ to: String(receive_id), id, card, changes: 0 })
    return { body: { code: 0, msg: 'success', data: { message_id: id } } }
  }

  function patch(id: string, { content }: Record<string, unknown>): VendorAnswer {
    const message = messages.find((one) => one.id === id)
    const card = readCard(content)
    if (!message || !card) return no(230001, 'message or card')
    message.card = card
    message.changes++
    return { body: { code: 0, msg: 'success', data: {} } }
  }

  /** `content` is JSON in a string, not an object. */
  function readCard(content: unknown): Record<string, unknown> | undefined {
    if (typeof content !== 'string') return undefined
    const card = asRecord(JSON.parse(content))
    const faults = feishuCardFaults(card)
    server.faults.push(...faults)
    return faults.length === 0 ? card : undefined
  }

  function no(code: number, msg: string): VendorAnswer {
    server.faults.push(`${code} ${msg}`)
    return { status: 400, body: { code, msg } }
  }

  async function press(pressed: FeishuPress): Promise<SentCallback> {
    const message = messages.find(({ id }) => id === pressed.message)
    const button =
      message && feishuButtons(message.card).find((one) => one.action === pressed.action)
    const event = {
      schema: '2.0',
      header: {
        event_id: randomUUID(),
        token: pressed.verificationToken ?? options.verificationToken,
        create_time: String(Date.now() * 1000),
        event_type: 'card.action.trigger',
        tenant_key: 'tenant',
        app_id: options.appId,
      },
      event: {
        operator: { tenant_key: 'tenant', open_id: pressed.by ?? message?.to ?? 'ou_nobody' },
        token: `c-${randomUUID()}`,
        action: { value: pressed.value ?? button?.value ?? {}, tag: 'button' },
        host: 'im_message',
        context: { open_message_id: pressed.message, open_chat_id: 'oc_1' },
      },
    }
    const answer = await sendEvent(event, pressed)
    if (message && answer.status === 200) show(message, callbackJson(answer))
    return answer
  }

  /** A card in the answer takes the place of the one that was pressed, and a toast pops up. */
  function show(message: FeishuMessage, answer: Record<string, unknown>): void {
    const { type, data } = asRecord(answer['card']) ?? {}
    const toast = asRecord(answer['toast'])?.['content']
    if (typeof toast === 'string') message.toast = toast
    if (type !== 'raw') return
    const card = asRecord(data)
    const faults = feishuCardFaults(card)
    server.faults.push(...faults)
    if (card && faults.length === 0) message.card = card
  }

  async function sendEvent(
    event: object,
    changes: Pick<FeishuPress, 'encryptKey' | 'at' | 'sign'>,
  ): Promise<SentCallback> {
    const encryptKey = changes.encryptKey ?? options.encryptKey
    const body = JSON.stringify({ encrypt: encrypt(encryptKey, JSON.stringify(event)) })
    const timestamp = String(Math.floor(changes.at ?? Date.now() / 1000))
    const nonce = randomBytes(8).toString('hex')
    const plain = createHash('sha256').update(`${timestamp}${nonce}${encryptKey}${body}`)
    const signature = changes.sign?.({ timestamp, nonce, body }) ?? plain.digest('hex')
    return sendCallback(options.callbackUrl, body, {
      'content-type': 'application/json; charset=utf-8',
      'x-lark-request-timestamp': timestamp,
      'x-lark-request-nonce': nonce,
      'x-lark-signature': signature,
    })
  }

  async function pressFromPage({ body }: VendorRequest): Promise<VendorAnswer> {
    const form = new URLSearchParams(body)
    await press({ message: form.get('message') ?? '', action: form.get('action') ?? '' })
    return { status: 303, body: '', location: '/' }
  }

  const page = (): VendorAnswer =>
    messagePage(
      '飞书 (local counterpart)',
      messages.map(({ id, card, toast }) =>
        messageCard(
          [...feishuLines(card), ...(toast === undefined ? [] : [{ text: `▸ ${toast}` }])],
          feishuButtons(card).map(({ label, url, action }) =>
            url === undefined
              ? { label, press: { message: id, action: action ?? '' } }
              : { label, url },
          ),
        ),
      ),
    )

  return Object.assign(server, {
    options,
    messages,
    expireTokens: () => tokens.clear(),
    press,
    verifyUrl: async (challenge: string, encryptKey = options.encryptKey) => {
      const event = { challenge, token: options.verificationToken, type: 'url_verification' }
      const body = JSON.stringify({ encrypt: encrypt(encryptKey, JSON.stringify(event)) })
      return sendCallback(options.callbackUrl, body, { 'content-type': 'application/json' })
    },
  })
}

/** AES-256-CBC under SHA-256 of the key, the IV before the text. */
function encrypt(encryptKey: string, plain: string): string {
  const iv = randomBytes(16)
  const key = createHash('sha256').update(encryptKey).digest()
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final()]).toString('base64')
}
