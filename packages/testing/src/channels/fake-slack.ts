import { createHmac, randomUUID } from 'node:crypto'
import { slackBlockFaults, slackButtons, slackLines } from './slack-blocks.ts'
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

export interface SlackPerson {
  /** `U…`. */
  readonly id: string
  /** `T…`. */
  readonly teamId: string
  readonly email: string
  readonly deleted?: boolean
}

export interface SlackMessage {
  readonly to: string
  readonly channel: string
  readonly ts: string
  /** As it stands now. */
  text: string
  blocks: readonly Record<string, unknown>[]
  changes: number
}

export interface FakeSlackOptions {
  readonly botToken: string
  readonly signingSecret: string
  readonly people: readonly SlackPerson[]
  /** Where interactions are posted to. */
  callbackUrl?: string
}

/** How a press is sent; all of it is honest unless told otherwise. */
export interface SlackPress {
  readonly message: string
  readonly action: string
  /** Who presses; the message's receiver unless told otherwise. */
  readonly by?: string
  readonly signingSecret?: string
  /** Unix seconds. */
  readonly at?: number
  /** Sent to our callback instead of the button's own. */
  readonly value?: string
}

/** What was posted to the callback, so that it can be posted again. */
export interface SentCallback {
  readonly status: number
  readonly body: string
  readonly milliseconds: number
  repeat(): Promise<SentCallback>
}

/** Slack's Web API and its signed interactions, as strict as Slack is about tokens, blocks and signatures. */
export interface FakeSlack extends VendorServer {
  /** For `base_url`. */
  readonly baseUrl: string
  readonly options: FakeSlackOptions
  readonly messages: SlackMessage[]
  /** What only one person sees. */
  readonly notes: { readonly user: string; readonly text: string }[]
  press(press: SlackPress): Promise<SentCallback>
}

export async function createFakeSlack(options: FakeSlackOptions): Promise<FakeSlack> {
  const messages: SlackMessage[] = []
  const notes: FakeSlack['notes'] = []
  const server = await openVendorServer((request) => {
    if (request.path === '/' && request.method === 'GET') return page()
    if (request.path === '/press' && request.method === 'POST') return pressFromPage(request)
    return request.path.startsWith('/api/') ? api(request) : undefined
  })

  function api(request: VendorRequest): VendorAnswer | undefined {
    if (request.headers.authorization !== `Bearer ${options.botToken}`) return no('invalid_auth')
    const method = request.path.slice('/api/'.length)
    if (method === 'users.lookupByEmail') return lookup(request)
    const body = jsonBody(request)
    if (request.method !== 'POST' || !body) return no('invalid_json')
    if (method === 'chat.postMessage') return post(body)
    if (method === 'chat.update') return update(body)
    if (method !== 'chat.postEphemeral') return no('unknown_method')
    if (typeof body['user'] !== 'string' || typeof body['text'] !== 'string') return no('no_text')
    notes.push({ user: body['user'], text: body['text'] })
    return yes({ message_ts: stamp() })
  }

  function lookup({ query }: VendorRequest): VendorAnswer {
    const person = options.people.find(({ email }) => email === query.get('email'))
    if (!person) return { body: { ok: false, error: 'users_not_found' } }
    const { id, teamId, deleted = false } = person
    return yes({ user: { id, team_id: teamId, deleted, is_bot: false } })
  }

  function post(body: Record<string, unknown>): VendorAnswer {
    const person = options.people.find(({ id }) => id === body['channel'])
    if (!person) return no('channel_not_found')
    const message: SlackMessage = {
      to: person.id,
      channel: `D${person.id.slice(1)}`,
      ts: stamp(),
      text: '',
      blocks: [],
      changes: 0,
    }
    if (!put(message, body)) return no('invalid_blocks')
    messages.push(message)
    return yes({ channel: message.channel, ts: message.ts })
  }

  function update(body: Record<string, unknown>): VendorAnswer {
    const message = messages.find(
      ({ channel, ts }) => channel === body['channel'] && ts === body['ts'],
    )
    if (!message) return no('message_not_found')
    if (!put(message, body)) return no('invalid_blocks')
    message.changes++
    return yes({ channel: message.channel, ts: message.ts })
  }

  function put(message: SlackMessage, { text, blocks }: Record<string, unknown>): boolean {
    const faults = slackBlockFaults(blocks)
    if (typeof text !== 'string' || text === '') faults.push('a message needs a text')
    server.faults.push(...faults)
    if (faults.length > 0) return false
    message.text = String(text)
    message.blocks = blocks as SlackMessage['blocks']
    return true
  }

  function no(error: string): VendorAnswer {
    server.faults.push(error)
    return { body: { ok: false, error } }
  }

  async function press(pressed: SlackPress): Promise<SentCallback> {
    const message = messages.find(({ ts }) => ts === pressed.message)
    const button = message && slackButtons(message.blocks).find((one) => one.id === pressed.action)
    const by = options.people.find(({ id }) => id === (pressed.by ?? message?.to))
    const userId = by?.id ?? pressed.by ?? 'U0'
    const payload = {
      type: 'block_actions',
      api_app_id: 'A0',
      team: { id: by?.teamId ?? 'T0', domain: 'corp' },
      user: { id: userId, username: 'someone', team_id: by?.teamId ?? 'T0' },
      container: {
        type: 'message',
        message_ts: pressed.message,
        channel_id: message?.channel ?? 'D0',
      },
      trigger_id: randomUUID(),
      response_url: `${server.origin}/response`,
      actions: [
        {
          type: 'button',
          action_id: pressed.action,
          block_id: 'answer',
          value: pressed.value ?? button?.value ?? '',
          action_ts: stamp(),
        },
      ],
    }
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
    const timestamp = String(Math.floor(pressed.at ?? Date.now() / 1000))
    const hmac = createHmac('sha256', pressed.signingSecret ?? options.signingSecret)
    const signature = `v0=${hmac.update(`v0:${timestamp}:${body}`).digest('hex')}`
    return sendCallback(options.callbackUrl, body, {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signature,
    })
  }

  async function pressFromPage({ body }: VendorRequest): Promise<VendorAnswer> {
    const form = new URLSearchParams(body)
    await press({ message: form.get('message') ?? '', action: form.get('action') ?? '' })
    return { status: 303, body: '', location: '/' }
  }

  const page = (): VendorAnswer =>
    messagePage('Slack (local counterpart)', [
      ...messages.map(({ ts, blocks }) =>
        messageCard(
          slackLines(blocks),
          slackButtons(blocks).map(({ id, label, url }) =>
            url === undefined ? { label, press: { message: ts, action: id } } : { label, url },
          ),
        ),
      ),
      ...notes.map(({ text }) => messageCard([{ text: 'Only you see this' }, { text }], [])),
    ])

  return Object.assign(server, {
    baseUrl: `${server.origin}/api`,
    options,
    messages,
    notes,
    press,
  })
}

const yes = (members: object): VendorAnswer => ({ body: { ok: true, ...members } })

let counter = 0
const stamp = () => `${Math.floor(Date.now() / 1000)}.${String(++counter).padStart(6, '0')}`

/** Posts to a callback as a vendor does, and again when asked to. */
export async function sendCallback(
  url: string | undefined,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<SentCallback> {
  if (url === undefined) throw new Error('the counterpart knows no callback URL')
  const begun = performance.now()
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' })
  return {
    status: response.status,
    body: await response.text(),
    milliseconds: performance.now() - begun,
    repeat: () => sendCallback(url, body, headers),
  }
}

/** The JSON object that a callback was answered with. */
export const callbackJson = ({ body }: SentCallback): Record<string, unknown> =>
  asRecord(JSON.parse(body)) ?? {}
