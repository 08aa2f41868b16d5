import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listenOnLoopback, readBody } from './listen.ts'
import {
  type Approval,
  findApprovals,
  firstApprovals,
  renderApprovals,
  renderDelegation,
} from './oa-approvals.ts'
import { createReceivedLog, type Received } from './received.ts'

export interface Oa {
  /** Its base URL: everything lies below `/oa`. */
  readonly url: string
  readonly credentials: { readonly username: string; readonly password: string }
  readonly received: readonly Received[]
  /** The bytes of its newest XML answer. */
  lastAnswer(): Buffer
  /** Forgets every log-in, as it does each night. */
  expireSessions(): void
  /** How often somebody logged in. */
  logins(): number
  approval(id: string): Approval | undefined
  /** To whom somebody handed over their approvals, oldest first. */
  readonly delegates: readonly string[]
  close(): Promise<void>
}

/** The approvals system of 2006: XML, repeated query parameters, a log-in form and a session cookie. */
export async function startOa(options: { readonly password: string }): Promise<Oa> {
  const credentials = { username: 'svc-gateway', password: options.password }
  const log = createReceivedLog()
  const approvals = firstApprovals()
  const sessions = new Set<string>()
  const delegates: string[] = []
  let logins = 0
  let lastAnswer: Buffer = Buffer.alloc(0)

  const logIn = async (request: IncomingMessage, response: ServerResponse) => {
    const form = new URLSearchParams(await readBody(request))
    const right =
      form.get('username') === credentials.username && form.get('password') === options.password
    if (!right) return sendLoginPage(response, 401)
    const session = randomBytes(16).toString('hex').toUpperCase()
    sessions.add(session)
    logins++
    response
      .writeHead(302, {
        location: '/oa/home',
        'set-cookie': `JSESSIONID=${session}; Path=/oa; HttpOnly`,
      })
      .end()
  }

  const sendXml = (response: ServerResponse, status: number, xml: string) => {
    lastAnswer = Buffer.from(xml, 'utf8')
    response
      .writeHead(status, {
        'content-type': 'application/xml; charset=utf-8',
        'content-length': lastAnswer.length,
        // Its application server marks every answer; none of this is the caller's business.
        'set-cookie': 'OA_ROUTE=node-2; Path=/oa',
      })
      .end(lastAnswer)
  }

  const system = await listenOnLoopback((origin) => async (request, response) => {
    log.note(request)
    const url = new URL(request.url ?? '/', origin)
    const call = `${request.method} ${url.pathname}`
    if (call === 'POST /oa/login') return logIn(request, response)
    if (call === 'GET /oa/login') return sendLoginPage(response, 200)
    const session = /(?:^|;\s*)JSESSIONID=([0-9A-F]+)/.exec(request.headers.cookie ?? '')?.[1]
    if (session === undefined || !sessions.has(session)) {
      response.writeHead(302, { location: '/oa/login' }).end()
      return
    }
    if (call === 'GET /oa/api/approval/list')
      return sendXml(response, 200, renderApprovals(findApprovals(approvals, url.searchParams)))
    if (call === 'POST /oa/api/delegation') {
      const to = new URLSearchParams(await readBody(request)).get('to') ?? ''
      delegates.push(to)
      return sendXml(response, 200, renderDelegation(to))
    }
    const decided = /^POST \/oa\/api\/approval\/([A-Z0-9-]+)\/decision$/.exec(call)?.[1]
    const approval = approvals.find((candidate) => candidate.id === decided)
    if (!approval) return sendXml(response, 404, '<?xml version="1.0"?><error code="404"/>\r\n')
    const form = new URLSearchParams(await readBody(request))
    approval.state = form.get('decision') === 'approve' ? 'approved' : 'rejected'
    sendXml(response, 200, renderApprovals({ page: 1, total: 1, items: [approval] }))
  })
  return {
    url: `${system.origin}/oa`,
    credentials,
    received: log.entries,
    lastAnswer: () => lastAnswer,
    expireSessions: () => sessions.clear(),
    logins: () => logins,
    delegates,
    approval: (id) => approvals.find((candidate) => candidate.id === id),
    close: system.close,
  }
}

function sendLoginPage(response: ServerResponse, status: number): void {
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
    .end(
      '<!doctype html><title>蓝港 OA</title><form method="post" action="/oa/login">' +
        '<input name="username"><input name="password" type="password"><button>登录</button></form>',
    )
}
