import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createSeededRandom } from '@sallyport/testing'
import { createDevIdp } from '../src/dev-idp/dev-idp.ts'
import type { DevIdpOptions } from '../src/dev-idp/settings.ts'

export const callbackUrl = 'http://localhost:9/ath/callback'
export const otherCallbackUrl = 'http://localhost:9/other'
export const app = { clientId: 'shop app+1', clientSecret: 'sec:ret/%&=' }
export const other = { clientId: 'other', clientSecret: 'other-secret' }
export const publicClient = { clientId: 'public' }

export interface DevIdpServer {
  readonly issuer: string
  /** Lets time pass, in seconds. */
  advance(seconds: number): void
  /** A person without a browser, with cookies of their own. */
  visitor(): DevVisitor
}

/** A `devIdp` inside an app, on a real socket. Every path that is not its own answers 418. */
export async function startDevIdp(
  t: TestContext,
  changes: Partial<DevIdpOptions> | ((issuer: string) => Partial<DevIdpOptions>) = {},
): Promise<DevIdpServer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ath/dev-idp`
  let passed = 0
  const idp = createDevIdp({
    issuer,
    clients: [
      { ...app, name: 'Acme Shop', redirectUris: [callbackUrl] },
      { ...other, name: 'Other', redirectUris: [callbackUrl, otherCallbackUrl] },
      { ...publicClient, name: 'Public', redirectUris: [callbackUrl] },
    ],
    scopes: [
      { name: 'products:read', description: 'See products' },
      { name: 'orders:write', description: 'Place orders' },
    ],
    clock: { now: () => Date.now() / 1000 + passed },
    random: createSeededRandom(),
    production: false,
    ...(typeof changes === 'function' ? changes(issuer) : changes),
  })
  server.on('request', (request, response) => {
    readCall(request)
      .then(idp.handle)
      .then((answer) => {
        if (!answer) return response.writeHead(418).end()
        return response.writeHead(answer.status, headersOf(answer.headers)).end(answer.body)
      })
      .catch((cause: unknown) => response.writeHead(500).end(String(cause)))
  })
  return {
    issuer,
    advance: (seconds) => {
      passed += seconds
    },
    visitor: createDevVisitor,
  }
}

async function readCall(request: IncomingMessage) {
  const url = new URL(request.url ?? '/', 'http://any.example')
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers as Record<string, string | undefined>,
    body: Buffer.concat(chunks),
    ip: '127.0.0.1',
  }
}

const headersOf = (headers: Readonly<Record<string, string | readonly string[]>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : [...value],
    ]),
  )

export interface Visit {
  readonly status: number
  readonly html: string
  readonly headers: Headers
  /** Where the answer sends the browser; nothing is followed. */
  readonly location: URL | undefined
}

/** What a form is filled in with; a list for a name that comes several times. */
export type Fields = Readonly<Record<string, string | readonly string[]>>

export interface DevVisitor {
  open(url: string | URL): Promise<Visit>
  /** Submits the form of a page. Hidden fields are kept. */
  submit(at: string | URL, page: Visit, fields: Fields): Promise<Visit>
}

export function createDevVisitor(): DevVisitor {
  const cookies = new Map<string, string>()
  const visit = async (url: URL, body?: URLSearchParams): Promise<Visit> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(body ? { method: 'POST', body } : {}),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    return {
      status: answer.status,
      html: await answer.text(),
      headers: answer.headers,
      location: location === null ? undefined : new URL(location, url),
    }
  }
  return {
    open: (url) => visit(new URL(url)),
    submit: (at, page, fields) => {
      const action = /<form[^>]* action="([^"]+)"/.exec(page.html)?.[1]
      if (action === undefined) throw new Error(`no form: ${page.html}`)
      const body = new URLSearchParams()
      for (const [, name = '', value = ''] of page.html.matchAll(
        /<input type="hidden" name="([^"]+)" value="([^"]*)">/g,
      ))
        body.append(name, value)
      for (const [name, value] of Object.entries(fields)) {
        body.delete(name)
        for (const one of [value].flat()) body.append(name, one)
      }
      return visit(new URL(action, at), body)
    },
  }
}
