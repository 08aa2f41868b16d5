import { createHash, randomBytes } from 'node:crypto'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface PlainServerOptions {
  readonly callbackUrl: string
  /** How the client must authenticate, and in no other way. */
  readonly clientAuth?: 'client_secret_basic' | 'client_secret_post' | 'none'
  /** The `scope` of token answers; `as asked`, or absent, when undefined is given for it. */
  readonly answerScope?: string | undefined
  /** Takes the place of a path's own answer. */
  readonly routes?: Readonly<Record<string, RequestListener>>
}

/**
 * A plain OAuth 2.0 server without OpenID or metadata. It refuses everything that RFC 6749, 7636 and 7009 do not allow
 * a client to do, and says why in `refused`.
 */
export interface PlainServer {
  readonly origin: string
  readonly refused: string[]
  /** Forms that reached /token, in order. */
  readonly forms: URLSearchParams[]
  /** Tokens that were revoked at /revoke, with their hint. */
  readonly revoked: [token: string, hint: string | null][]
}

export const clientId = 'gate way+1'
export const clientSecret = 'sec:ret/%&='

export async function startPlainServer(
  t: TestContext,
  options: PlainServerOptions,
): Promise<PlainServer> {
  const refused: string[] = []
  const forms: URLSearchParams[] = []
  const revoked: PlainServer['revoked'] = []
  const codes = new Map<string, URLSearchParams>()
  const refreshTokens = new Map<string, URLSearchParams>()

  const refuse = (response: ServerResponse, error: string, why: string) => {
    refused.push(why)
    response.writeHead(error === 'invalid_client' ? 401 : 400, {
      'content-type': 'application/json',
    })
    response.end(JSON.stringify({ error, error_description: why }))
  }

  const authorize = (url: URL, response: ServerResponse) => {
    const query = url.searchParams
    const wrong = checkAuthorization(query, options.callbackUrl)
    if (wrong !== undefined) return refuse(response, 'invalid_request', wrong)
    const code = randomBytes(16).toString('hex')
    codes.set(code, query)
    const back = new URL(options.callbackUrl)
    back.searchParams.set('code', code)
    back.searchParams.set('state', query.get('state') ?? '')
    response.writeHead(302, { location: back.href }).end()
  }

  const token = (form: URLSearchParams, response: ServerResponse) => {
    forms.push(form)
    const asked =
      form.get('grant_type') === 'refresh_token'
        ? take(refreshTokens, form.get('refresh_token'))
        : take(codes, form.get('code'))
    if (!asked) return refuse(response, 'invalid_grant', 'unknown code or refresh token')
    if (form.get('grant_type') === 'authorization_code') {
      const wrong = checkExchange(form, asked)
      if (wrong !== undefined) return refuse(response, 'invalid_grant', wrong)
    }
    if (form.get('resource') !== asked.get('resource'))
      return refuse(response, 'invalid_target', 'another resource than authorized')
    const refreshToken = `rt-${randomBytes(8).toString('hex')}`
    refreshTokens.set(refreshToken, asked)
    const scope = 'answerScope' in options ? options.answerScope : asked.get('scope')
    answerJson(response, {
      access_token: `at-${randomBytes(8).toString('hex')}`,
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: refreshToken,
      ...(scope === undefined ? {} : { scope }),
    })
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://plain.test')
    const override = options.routes?.[url.pathname]
    if (override) return override(request, response)
    if (request.method === 'GET' && url.pathname === '/authorize') return authorize(url, response)
    if (request.method === 'GET' && url.pathname === '/user')
      return request.headers.authorization?.startsWith('Bearer at-')
        ? answerJson(response, { id: 4711, name: 'Bob', email: 'bob@example.com' })
        : refuse(response, 'invalid_token', 'no bearer token')
    if (request.method !== 'POST') return void response.writeHead(404).end()
    readForm(request)
      .then((form) => {
        const wrong = form ? checkClient(request, form, options.clientAuth) : 'not a form'
        if (!form || wrong !== undefined) return refuse(response, 'invalid_client', wrong ?? '')
        if (url.pathname === '/token') return token(form, response)
        revoked.push([form.get('token') ?? '', form.get('token_type_hint')])
        response.writeHead(200).end()
      })
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused,
    forms,
    revoked,
  }
}

export function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(value))
}

function take<Value>(map: Map<string, Value>, key: string | null): Value | undefined {
  const value = map.get(key ?? '')
  map.delete(key ?? '')
  return value
}

function checkAuthorization(query: URLSearchParams, callbackUrl: string): string | undefined {
  for (const name of new Set(query.keys()))
    if (query.getAll(name).length > 1) return `${name} is sent twice`
  if (query.get('response_type') !== 'code') return 'response_type is not code'
  if (query.get('client_id') !== clientId) return 'unknown client'
  if (query.get('redirect_uri') !== callbackUrl) return 'redirect_uri is not registered'
  if (query.get('code_challenge_method') !== 'S256') return 'PKCE method is not S256'
  if (!/^[\w-]{43}$/.test(query.get('code_challenge') ?? '')) return 'no code challenge'
  if (!query.get('state')) return 'no state'
  if (query.has('code_verifier') || query.has('client_secret')) return 'a secret is in the URL'
  if (query.has('nonce')) return 'a nonce without openid'
  return undefined
}

function checkExchange(form: URLSearchParams, asked: URLSearchParams): string | undefined {
  if (form.get('redirect_uri') !== asked.get('redirect_uri')) return 'another redirect_uri'
  const verifier = form.get('code_verifier') ?? ''
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return 'the verifier is not RFC 7636 §4.1'
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  return challenge === asked.get('code_challenge') ? undefined : 'the verifier is another one'
}

function checkClient(
  request: IncomingMessage,
  form: URLSearchParams,
  method: PlainServerOptions['clientAuth'] = 'client_secret_basic',
): string | undefined {
  const { authorization } = request.headers
  const encode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1)
  // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
  const basic = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')
  const expected = {
    client_secret_basic: [`Basic ${basic}`, null, null],
    client_secret_post: [undefined, clientId, clientSecret],
    none: [undefined, clientId, null],
  }[method]
  const got = [authorization, form.get('client_id'), form.get('client_secret')]
  return JSON.stringify(got) === JSON.stringify(expected)
    ? undefined
    : `client authentication is not ${method}`
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const mediaType = request.headers['content-type']?.split(';')[0]?.toLowerCase()
  return mediaType === 'application/x-www-form-urlencoded' ? new URLSearchParams(body) : undefined
}
