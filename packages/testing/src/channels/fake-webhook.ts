import { createHmac, randomUUID } from 'node:crypto'
import { sendCallback, type SentCallback } from './fake-slack.ts'
import { jsonBody, openVendorServer, type VendorServer } from './vendor-server.ts'

export interface WebhookReceiverOptions {
  /** `whsec_…`: any of them may have signed. */
  readonly keys: readonly string[]
  callbackUrl?: string
}

export interface WebhookPress {
  readonly consent: string
  readonly action: string
  readonly person: string
  /** Signs the callback; several as while keys change. */
  readonly keys: readonly string[]
  readonly at?: number
  readonly id?: string
}

/** Somebody's program that takes Standard Webhooks, and answers by the same scheme. */
export interface WebhookReceiver extends VendorServer {
  readonly url: string
  readonly options: WebhookReceiverOptions
  readonly messages: { readonly id: string; readonly payload: Record<string, unknown> }[]
  press(press: WebhookPress): Promise<SentCallback>
}

const window = 300

export async function createWebhookReceiver(
  options: WebhookReceiverOptions,
): Promise<WebhookReceiver> {
  const messages: WebhookReceiver['messages'] = []
  const server = await openVendorServer((request) => {
    const id = String(request.headers['webhook-id'])
    const timestamp = String(request.headers['webhook-timestamp'])
    const signatures = String(request.headers['webhook-signature']).split(' ')
    const isSigned = options.keys.some((key) =>
      signatures.includes(sign(key, id, timestamp, request.body)),
    )
    const isFresh = Math.abs(Date.now() / 1000 - Number(timestamp)) <= window
    const payload = jsonBody(request)
    if (!isSigned || !isFresh || !payload) {
      server.faults.push('not signed, stale or not JSON')
      return { status: 401, body: {} }
    }
    if (!messages.some((one) => one.id === id)) messages.push({ id, payload })
    return { status: 204, body: '' }
  })
  return Object.assign(server, {
    url: `${server.origin}/hook?tenant=1`,
    options,
    messages,
    press({ consent, action, person, keys, at, id = randomUUID() }: WebhookPress) {
      const body = JSON.stringify({
        type: 'confirmation.answered',
        timestamp: new Date().toISOString(),
        data: { consent, action, person },
      })
      const timestamp = String(Math.floor(at ?? Date.now() / 1000))
      return sendCallback(options.callbackUrl, body, {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': keys.map((key) => sign(key, id, timestamp, body)).join(' '),
      })
    },
  })
}

function sign(key: string, id: string, timestamp: string, body: string): string {
  const bytes = Buffer.from(key.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
