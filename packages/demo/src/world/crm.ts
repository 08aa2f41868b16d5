import { listenOnLoopback, readBody, sendJson } from './listen.ts'
import { createReceivedLog, type Received } from './received.ts'

export interface Customer {
  readonly id: string
  readonly name: string
  readonly phone: string
  readonly id_number: string
  readonly email: string
  readonly status: string
  readonly note: string
  /** Who changed it last, as the identity provider named them. */
  readonly changed_by: string
}

export interface Crm {
  readonly url: string
  readonly received: readonly Received[]
  customer(id: string): Customer | undefined
  close(): Promise<void>
}

interface CrmOptions {
  readonly issuer: string
  /** The audience that tokens for this API carry. */
  readonly resource: string
  readonly clientId: string
  readonly clientSecret: string
}

/** The customer system: JSON, personal data, and access tokens of the company's OAuth server. */
export async function startCrm(options: CrmOptions): Promise<Crm> {
  const log = createReceivedLog()
  const customers = new Map<string, Customer>([
    [
      '123',
      {
        id: '123',
        name: '海风贸易有限公司 Seabreeze Trading',
        phone: '+86 532 5550 0123',
        id_number: '370202198805123456',
        email: 'zhang.wei@seabreeze.example',
        status: 'new',
        note: '',
        changed_by: 'import',
      },
    ],
  ])

  const system = await listenOnLoopback((origin) => async (request, response) => {
    log.note(request)
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    const holder = token === undefined ? undefined : await introspect(options, token)
    if (!holder) {
      response.setHeader('www-authenticate', 'Bearer error="invalid_token"')
      return sendJson(response, 401, { error: 'invalid_token' })
    }
    const { pathname } = new URL(request.url ?? '/', origin)
    const id = /^\/api\/customer\/(\d+)$/.exec(pathname)?.[1]
    const customer = id === undefined ? undefined : customers.get(id)
    if (!customer) return sendJson(response, 404, { error: 'no such customer' })
    const needed = request.method === 'GET' ? 'crm.read' : 'crm.write'
    if (!holder.scopes.includes(needed)) {
      response.setHeader('www-authenticate', `Bearer error="insufficient_scope", scope="${needed}"`)
      return sendJson(response, 403, { error: 'insufficient_scope', scope: needed })
    }
    if (request.method === 'GET') return sendJson(response, 200, customer)
    if (request.method !== 'POST') return sendJson(response, 405, { error: 'GET or POST' })
    const change = JSON.parse(await readBody(request)) as Record<string, unknown>
    const changed: Customer = {
      ...customer,
      status: typeof change['status'] === 'string' ? change['status'] : customer.status,
      note: typeof change['note'] === 'string' ? change['note'] : customer.note,
      changed_by: holder.subject,
    }
    customers.set(customer.id, changed)
    sendJson(response, 200, changed)
  })
  return {
    url: system.origin,
    received: log.entries,
    customer: (id) => customers.get(id),
    close: system.close,
  }
}

/** Asks the OAuth server about every token, every time (RFC 7662): one that was revoked a moment ago does not work. */
async function introspect(
  options: CrmOptions,
  token: string,
): Promise<{ readonly subject: string; readonly scopes: readonly string[] } | undefined> {
  const answer = await fetch(`${options.issuer}/token/introspection`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${options.clientId}:${options.clientSecret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ token }),
    signal: AbortSignal.timeout(5000),
  })
  // The OAuth server is trusted to keep to RFC 7662 §2.2.
  const { active, aud, sub, scope } = (await answer.json()) as {
    readonly active: boolean
    readonly aud?: string
    readonly sub?: string
    readonly scope?: string
  }
  if (!active || aud !== options.resource) return undefined
  return { subject: sub ?? '', scopes: scope?.split(' ') ?? [] }
}
