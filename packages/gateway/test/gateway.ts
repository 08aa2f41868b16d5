import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createTestAgent, type TestAgent } from '@sallyport/testing'
import { openGateway } from '../src/compose.ts'
import type { RunningGateway } from '../src/cli/composition.ts'
import { loadConfig } from '../src/config/load.ts'
import type { LogLine } from '@ath-protocol/server/parts'
import { createFolder } from './data-folder.ts'

/** A whole gateway on real sockets with a real store, an upstream that keeps what it got, and an agent that publishes its key. */
export interface WholeGateway {
  readonly url: string
  readonly dataDir: string
  readonly logs: LogLine[]
  readonly upstream: { readonly url: string; readonly seen: IncomingMessage[] }
  readonly agent: TestAgent
  running: RunningGateway
  /** Stops it and opens it again on the same data. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function openWholeGateway(
  yaml: (places: { upstream: string; agentHost: string }) => string,
): Promise<WholeGateway> {
  const folder = createFolder()
  const seen: IncomingMessage[] = []
  const upstream = await listen(
    createServer((request, response) => {
      seen.push(request)
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ path: request.url, headers: request.headers }))
    }),
  )
  let agent: TestAgent | undefined
  const agentHost = await listen(
    createServer((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(agent?.document()))
    }),
  )
  agent = await createTestAgent({
    agentId: `${agentHost.url}/.well-known/agent.json`,
    clock: { now: () => Date.now() / 1000 },
  })
  const file = join(folder.dir, 'sallyport.yaml')
  writeFileSync(file, yaml({ upstream: upstream.url, agentHost: agentHost.url }))
  const port = await freePort()
  const logs: LogLine[] = []
  const open = async () => {
    const config = loadConfig({ mode: 'dev', env: {}, file, cwd: folder.dir, port })
    assert.ok(config.ok, JSON.stringify(config))
    return {
      gateway: await openGateway(config.value, (line) => logs.push(line)),
      config: config.value,
    }
  }
  const first = await open()
  const whole: WholeGateway = {
    url: first.gateway.url,
    dataDir: first.config.dataDir,
    logs,
    upstream: { url: upstream.url, seen },
    agent,
    running: first.gateway,
    async restart() {
      await whole.running.drain()
      whole.running = (await open()).gateway
    },
    async close() {
      await whole.running.drain()
      await Promise.all([upstream.close(), agentHost.close()])
      folder.remove()
    },
  }
  return whole
}

export async function listen(
  server: Server,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  const { url, close } = await listen(probe)
  await close()
  return Number(new URL(url).port)
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

type PlainInit = Omit<RequestInit, 'headers'> & { readonly headers?: Record<string, string> }

/** One request, redirects left to the caller. */
export async function ask(url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

export const post = (url: string, body: object) =>
  ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

export async function register(
  { url, agent }: WholeGateway,
  providers: Readonly<Record<string, readonly string[]>>,
): Promise<Credentials> {
  const { status, json } = await post(`${url}/ath/agents/register`, {
    agent_id: agent.agentId,
    agent_attestation: await agent.attest({ audience: url }),
    developer: { name: 'Example Agents Ltd', id: 'example-agents' },
    requested_providers: Object.entries(providers).map(([provider_id, scopes]) => ({
      provider_id,
      scopes,
    })),
  })
  assert.equal(status, 201)
  return { clientId: String(json['client_id']), clientSecret: String(json['client_secret']) }
}

export async function authorize(
  { url, agent }: WholeGateway,
  { clientId }: Credentials,
  provider_id: string,
  scopes: readonly string[],
): Promise<{ readonly sessionId: string; readonly authorizationUrl: string }> {
  const { status, json } = await post(`${url}/ath/authorize`, {
    client_id: clientId,
    agent_attestation: await agent.attest({ audience: url }),
    provider_id,
    scopes,
    state: 'bm9uZS1vZi15b3VyLWJ1c2luZXNz',
  })
  assert.equal(status, 200, JSON.stringify(json))
  return {
    sessionId: String(json['ath_session_id']),
    authorizationUrl: String(json['authorization_url']),
  }
}

/** A person's browser without a screen: keeps cookies, follows what pages and redirects say, ticks every box. */
export function createPerson() {
  const jar = new Map<string, string>()
  const pages: Reply[] = []
  const visit = async (url: string, init: PlainInit = {}): Promise<Reply> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await ask(url, {
      ...init,
      headers: { accept: 'text/html', cookie, origin: new URL(url).origin, ...init.headers },
    })
    for (const line of reply.headers.getSetCookie()) {
      const pair = line.split(';')[0] ?? ''
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    pages.push(reply)
    const refresh = /http-equiv="refresh"[^>]*url=([^"]+)"/i.exec(reply.text)?.[1]
    const to = reply.headers.get('location') ?? refresh?.replaceAll('&amp;', '&')
    return to ? visit(new URL(to, url).href) : reply
  }
  return {
    jar,
    pages,
    visit,
    /** Sends the form of a page whose action holds `action`, as it is filled in, and with what is given. */
    async submit(
      page: Reply,
      from: string,
      action: string,
      given: Readonly<Record<string, string>> = {},
    ): Promise<Reply> {
      const form = [
        ...page.text.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g),
      ].find(([, to = '']) => to.includes(action))
      assert.ok(form, `there is a form for ${action}: ${page.text.slice(0, 1500)}`)
      const fields = new URLSearchParams(
        [...(form[2] ?? '').matchAll(/<input\b[^>]*>/g)].map(([input]) => [
          attribute(input, 'name'),
          attribute(input, 'value'),
        ]),
      )
      for (const [name, value] of Object.entries(given)) fields.set(name, value)
      const to = new URL((form[1] ?? '').replaceAll('&amp;', '&'), from).href
      return visit(to, { method: 'POST', body: fields })
    },
    /** Opens the consent page and approves, or denies. */
    async answer(
      authorizationUrl: string,
      decision: 'approve' | 'deny',
      lifetimeSeconds?: number,
    ): Promise<Reply> {
      const page = await visit(authorizationUrl)
      const form = consentForm(page.text)
      const fields = new URLSearchParams(form.fields)
      if (lifetimeSeconds !== undefined) fields.set('lifetime', String(lifetimeSeconds))
      fields.append('decision', decision)
      return visit(new URL(form.action, authorizationUrl).href, { method: 'POST', body: fields })
    },
    /** Ends every grant on the person's own page. */
    async endAll(base: string): Promise<void> {
      for (;;) {
        const { text } = await visit(`${base}/me`)
        const form = /<form[^>]*action="([^"]*\/me\/revoke[^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(
          text,
        )
        if (!form) return
        const fields = [...(form[2] ?? '').matchAll(/<input\b[^>]*>/g)].map(([input]) => [
          attribute(input, 'name'),
          attribute(input, 'value'),
        ])
        const action = new URL(form[1] ?? '', base).href
        await visit(action, { method: 'POST', body: new URLSearchParams(fields) })
      }
    },
  }
}

function consentForm(text: string): { readonly action: string; readonly fields: string[][] } {
  const form =
    /<form[^>]*action="([^"]*\/ath\/(?:authorize|confirm)\/[^"]*)"[^>]*>([\s\S]*?)<\/form>/.exec(
      text,
    )
  assert.ok(form, `there is a consent form: ${text.slice(0, 500)}`)
  const fields = [...(form[2] ?? '').matchAll(/<input\b[^>]*>/g)]
    .map(([input]) => input)
    .filter((input) => !/\bdisabled\b/.test(input))
    .filter((input) => !/type="(checkbox|radio)"/.test(input) || /\bchecked\b/.test(input))
    .map((input) => [
      attribute(input, 'name'),
      /type="checkbox"/.test(input) ? 'on' : attribute(input, 'value'),
    ])
  const lifetime = /<select[^>]*name="lifetime"[\s\S]*?<option value="(\d+)"/.exec(
    form[2] ?? '',
  )?.[1]
  if (lifetime !== undefined) fields.push(['lifetime', lifetime])
  return { action: (form[1] ?? '').replaceAll('&amp;', '&'), fields }
}

const attribute = (input: string, name: string) =>
  (new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1] ?? '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')

export async function exchange(
  { url, agent }: WholeGateway,
  credentials: Credentials,
  sessionId: string,
): Promise<Reply> {
  return post(`${url}/ath/token`, {
    grant_type: 'authorization_code',
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    agent_attestation: await agent.attest({ audience: `${url}/ath/token` }),
    code: 'ath-session',
    ath_session_id: sessionId,
  })
}

/** What an operator's command asks of the running gateway. */
export const operate = ({ running }: WholeGateway, path: string, body: object = {}) =>
  running.adminApi({
    method: 'POST',
    path,
    query: new URLSearchParams(),
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(body)),
    ip: 'local',
  })

export const call = (gateway: WholeGateway, token: string, path: string, init: PlainInit = {}) =>
  ask(`${gateway.url}/ath/proxy${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${token}`,
      'x-ath-agent-id': gateway.agent.agentId,
      ...init.headers,
    },
  })
