import { createCipheriv, createHash, randomBytes, randomUUID } from 'node:crypto'
import { sendCallback, type SentCallback } from './fake-slack.ts'
import {
  asList,
  asRecord,
  jsonBody,
  openVendorServer,
  type VendorAnswer,
  type VendorRequest,
  type VendorServer,
} from './vendor-server.ts'

export interface FakeWecomOptions {
  readonly corpId: string
  readonly agentId: number
  readonly secret: string
  readonly token: string
  readonly encodingAesKey: string
  readonly people: readonly { readonly userId: string; readonly email: string }[]
  callbackUrl?: string
}

export interface WecomMessage {
  readonly to: string
  readonly card: Record<string, unknown>
  /** What the buttons were replaced by. */
  replacedBy?: string
}

export interface WecomPress {
  readonly taskId: string
  readonly action: string
  readonly by?: string
  readonly token?: string
  readonly encodingAesKey?: string
  /** For whom the message inside says it is. */
  readonly receiver?: string
  readonly at?: number
  readonly agentId?: number
}

/** A WeCom app's API and its encrypted XML callbacks, as strict as the vendor is. */
export interface FakeWecom extends VendorServer {
  readonly options: FakeWecomOptions
  readonly messages: WecomMessage[]
  expireTokens(): void
  press(press: WecomPress): Promise<SentCallback>
  /** GET with `echostr`, as when the callback is configured. */
  verifyUrl(
    echo: string,
    token?: string,
  ): Promise<{ readonly status: number; readonly body: string }>
}

export async function createFakeWecom(options: FakeWecomOptions): Promise<FakeWecom> {
  const messages: WecomMessage[] = []
  const tokens = new Set<string>()
  /** Each may change its card once. */
  const codes = new Map<string, WecomMessage>()
  const server = await openVendorServer((request) => api(request))

  function api(request: VendorRequest): VendorAnswer | undefined {
    const call = `${request.method} ${request.path}`
    if (call === 'GET /cgi-bin/gettoken') return giveToken(request)
    if (!tokens.has(request.query.get('access_token') ?? ''))
      return { body: { errcode: 40014, errmsg: 'invalid access_token' } }
    const body = jsonBody(request)
    if (!body) return no(44002, 'the body is not JSON')
    if (call === 'POST /cgi-bin/user/get_userid_by_email') return lookup(body)
    if (call === 'POST /cgi-bin/message/send') return post(body)
    return call === 'POST /cgi-bin/message/update_template_card' ? update(body) : undefined
  }

  function giveToken({ query }: VendorRequest): VendorAnswer {
    if (query.get('corpid') !== options.corpId || query.get('corpsecret') !== options.secret)
      return no(40001, 'invalid credential')
    const access_token = randomUUID()
    tokens.add(access_token)
    return { body: { errcode: 0, errmsg: 'ok', access_token, expires_in: 7200 } }
  }

  function lookup({ email, email_type }: Record<string, unknown>): VendorAnswer {
    const found = options.people.find((person) => person.email === email && email_type === 1)
    if (!found) return { body: { errcode: 46004, errmsg: 'user not exist' } }
    return { body: { errcode: 0, errmsg: 'ok', userid: found.userId } }
  }

  function post({
    touser,
    msgtype,
    agentid,
    template_card,
  }: Record<string, unknown>): VendorAnswer {
    const card = asRecord(template_card)
    if (msgtype !== 'template_card' || agentid !== options.agentId || !card)
      return no(40008, 'msgtype or agentid')
    const faults = cardFaults(card)
    if (messages.some((one) => card['task_id'] && one.card['task_id'] === card['task_id']))
      faults.push('a task_id stands once')
    server.faults.push(...faults)
    if (faults.length > 0) return no(42014, 'template card')
    if (!options.people.some(({ userId }) => userId === touser))
      return { body: { errcode: 0, errmsg: 'ok', invaliduser: touser, msgid: randomUUID() } }
    const message: WecomMessage = { to: String(touser), card }
    messages.push(message)
    const canChange = card['card_type'] === 'button_interaction'
    return {
      body: {
        errcode: 0,
        errmsg: 'ok',
        msgid: randomUUID(),
        ...(canChange ? { response_code: giveCode(message) } : {}),
      },
    }
  }

  function giveCode(message: WecomMessage): string {
    const code = randomBytes(24).toString('base64url')
    codes.set(code, message)
    return code
  }

  function update(body: Record<string, unknown>): VendorAnswer {
    const code = String(body['response_code'])
    const message = codes.get(code)
    const text = asRecord(body['button'])?.['replace_name']
    if (body['agentid'] !== options.agentId || typeof text !== 'string' || text === '')
      return no(40058, 'agentid or button')
    if (!message || !codes.delete(code)) return no(42040, 'response_code')
    message.replacedBy = text
    return { body: { errcode: 0, errmsg: 'ok', invaliduser: [] } }
  }

  function no(errcode: number, errmsg: string): VendorAnswer {
    server.faults.push(`${errcode} ${errmsg}`)
    return { body: { errcode, errmsg } }
  }

  /** The query and the encrypted text of a callback. */
  function seal(plain: string, changes: Partial<WecomPress>) {
    const key = Buffer.from(`${changes.encodingAesKey ?? options.encodingAesKey}=`, 'base64')
    const size = Buffer.alloc(4)
    size.writeUInt32BE(Buffer.byteLength(plain))
    const whole = Buffer.concat([
      randomBytes(16),
      size,
      Buffer.from(plain),
      Buffer.from(changes.receiver ?? options.corpId),
    ])
    const padding = 32 - (whole.length % 32)
    const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
    const padded = Buffer.concat([whole, Buffer.alloc(padding, padding)])
    const encrypted = Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64')
    const timestamp = String(Math.floor(changes.at ?? Date.now() / 1000))
    const nonce = randomBytes(6).toString('hex')
    const signed = [changes.token ?? options.token, timestamp, nonce, encrypted].sort().join('')
    const msg_signature = createHash('sha1').update(signed).digest('hex')
    return { encrypted, query: new URLSearchParams({ msg_signature, timestamp, nonce }) }
  }

  async function press(pressed: WecomPress): Promise<SentCallback> {
    const message = messages.find(({ card }) => card['task_id'] === pressed.taskId)
    const event = `<xml><ToUserName><![CDATA[${options.corpId}]]></ToUserName>
<FromUserName><![CDATA[${pressed.by ?? message?.to ?? 'nobody'}]]></FromUserName>
<CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime>
<MsgType><![CDATA[event]]></MsgType>
<Event><![CDATA[template_card_event]]></Event>
<EventKey><![CDATA[${pressed.action}]]></EventKey>
<TaskId><![CDATA[${pressed.taskId}]]></TaskId>
<CardType><![CDATA[button_interaction]]></CardType>
<ResponseCode><![CDATA[${message ? giveCode(message) : ''}]]></ResponseCode>
<AgentID>${pressed.agentId ?? options.agentId}</AgentID>
<SelectedItems><SelectedItem><QuestionKey><![CDATA[q]]></QuestionKey></SelectedItem></SelectedItems></xml>`
    const { encrypted, query } = seal(event, pressed)
    const body = `<xml><ToUserName><![CDATA[${options.corpId}]]></ToUserName><AgentID><![CDATA[${options.agentId}]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`
    return sendCallback(`${options.callbackUrl}?${query}`, body, { 'content-type': 'text/xml' })
  }

  return Object.assign(server, {
    options,
    messages,
    expireTokens: () => tokens.clear(),
    press,
    async verifyUrl(echo: string, token = options.token) {
      const { encrypted, query } = seal(echo, { token })
      query.set('echostr', encrypted)
      const response = await fetch(`${options.callbackUrl}?${query}`)
      return { status: response.status, body: await response.text() }
    },
  })
}

function cardFaults(card: Record<string, unknown>): string[] {
  const faults: string[] = []
  const type = card['card_type']
  if (type !== 'button_interaction' && type !== 'text_notice') faults.push('card_type')
  if (!asRecord(card['main_title'])?.['title']) faults.push('a card has a title')
  const rows = asList(card['horizontal_content_list'])
  if (rows.length > 6 || rows.some(({ keyname, value }) => !keyname || !value))
    faults.push('a card has at most 6 rows, each with a name and a value')
  const { type: actionType, url } = asRecord(card['card_action']) ?? {}
  if (actionType !== 1 || typeof url !== 'string') faults.push('a card opens a page')
  const buttons = asList(card['button_list'])
  if (type === 'text_notice' && buttons.length > 0) faults.push('a notice has no buttons')
  if (type === 'button_interaction') {
    if (buttons.length === 0 || buttons.length > 6) faults.push('1 to 6 buttons')
    if (!/^[\w@-]{1,128}$/.test(String(card['task_id']))) faults.push('task_id')
    if (buttons.some(({ text, key }) => !text || !key)) faults.push('a button has a text and a key')
  }
  return faults
}
