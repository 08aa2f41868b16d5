import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { RequestListener, ServerResponse } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import type { Failure, Result } from '@ath-protocol/types'
import { createTestKey, createVirtualClock, signJws, type TestKey } from '@sallyport/testing'
import { answerJson, startPlainServer } from '../../test/plain-oauth-server.ts'
import type { OutboundFetch } from './bounded-fetch.ts'
import { createOAuthBridge } from './bridge.ts'

const callbackUrl = 'https://gateway.example/ath/callback'
const clientId = 'gateway'
const expected = {
  state: 'state-of-this-handshake',
  nonce: 'nonce-of-this-handshake',
  codeVerifier: 'verifier-of-this-handshake-which-is-long-enough',
  scopes: ['read'],
}

/** What the hostile server tries to get into a log. */
const planted = 'planted\r\nSet-Cookie: a=b'

interface Hostile {
  readonly origin: string
  readonly key: TestKey
  /** Answers at /token; the rest of the server is honest unless replaced. */
  token: RequestListener
  readonly routes: Record<string, RequestListener>
}

async function startHostileServer(t: TestContext): Promise<Hostile> {
  const key = await createTestKey('as-key')
  const routes: Record<string, RequestListener> = {
    '/.well-known/openid-configuration': (_request, response) =>
      answerJson(response, metadata(hostile.origin)),
    '/jwks': (_request, response) => answerJson(response, { keys: [key.publicJwk] }),
    '/token': (request, response) => hostile.token(request, response),
  }
  const { origin } = await startPlainServer(t, { callbackUrl, routes })
  const hostile: Hostile = { origin, key, routes, token: (_request, response) => response.end() }
  return hostile
}

const metadata = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  jwks_uri: `${origin}/jwks`,
  id_token_signing_alg_values_supported: ['ES256'],
})

function bridgeTo(
  origin: string,
  options: {
    readonly fetch?: OutboundFetch
    readonly clock?: { now(): number }
    readonly timeoutSeconds?: number
    readonly openid?: boolean
  } = {},
) {
  return createOAuthBridge({
    providers: new Map([
      [
        'crm',
        { issuer: origin, clientId, extraScopes: options.openid === false ? [] : ['openid'] },
      ],
    ]),
    callbackUrl,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    clock: options.clock ?? createVirtualClock(),
    allowInsecureHttp: true,
    timeoutSeconds: options.timeoutSeconds ?? 5,
  })
}

const query = () => new URLSearchParams({ code: 'a-code', state: expected.state })

function errorOf(result: Result<unknown, Failure>): string {
  assert.ok(!result.ok, 'it was taken')
  assert.ok(result.error.reason === 'upstream_oauth', result.error.reason)
  assert.match(result.error.error, /^[A-Za-z0-9_.:/-]{1,64}$/)
  return `${result.error.step}: ${result.error.error}`
}

const good = { access_token: 'at', token_type: 'Bearer', expires_in: 60 }

const send =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(body)
  }
const say = (value: unknown, status?: number) => send(JSON.stringify(value), status)

describe('a token endpoint that answers with', () => {
  const answers: readonly [string, RequestListener, string][] = [
    ['broken JSON', send('{"access_token":'), 'token: parse_error'],
    ['an empty body', send(''), 'token: parse_error'],
    ['a list', send('[1]'), 'token: invalid_response'],
    ['null', send('null'), 'token: invalid_response'],
    ['a page', send('<html>', 200, { 'content-type': 'text/html' }), 'token: response_is_not_json'],
    [
      'JSON that is called a page',
      send(JSON.stringify(good), 200, { 'content-type': 'text/html' }),
      'token: response_is_not_json',
    ],
    [
      'a form',
      send('access_token=at&token_type=bearer', 200, {
        'content-type': 'application/x-www-form-urlencoded',
      }),
      'token: response_is_not_json',
    ],
    ['no access token', say({ token_type: 'Bearer' }), 'token: invalid_response'],
    ['a number for an access token', say({ ...good, access_token: 1 }), 'token: invalid_response'],
    [
      'an access token that would add a header',
      say({ ...good, access_token: planted }),
      'token: unreadable_token',
    ],
    [
      'an access token of 20 KiB',
      say({ ...good, access_token: 'x'.repeat(20_480) }),
      'token: unreadable_token',
    ],
    [
      'a refresh token that would add a header',
      say({ ...good, refresh_token: planted }),
      'token: unreadable_token',
    ],
    ['no token type', say({ access_token: 'at' }), 'token: invalid_response'],
    ['an unknown token type', say({ ...good, token_type: 'mac' }), 'token: unsupported_operation'],
    [
      'a DPoP token that was not asked for',
      say({ ...good, token_type: 'DPoP' }),
      'token: unsupported_token_type',
    ],
    ['a negative lifetime', say({ ...good, expires_in: -1 }), 'token: invalid_response'],
    [
      'an endless lifetime',
      send('{"access_token":"at","token_type":"bearer","expires_in":1e999}'),
      'token: invalid_response',
    ],
    ['a lifetime in words', say({ ...good, expires_in: 'soon' }), 'token: invalid_response'],
    ['a list of scopes', say({ ...good, scope: ['read'] }), 'token: invalid_response'],
    [
      'an OAuth error',
      say({ error: 'invalid_grant', error_description: planted }, 400),
      'token: invalid_grant',
    ],
    [
      'an OAuth error under 200',
      say({ error: 'bad_verification_code' }),
      'token: bad_verification_code',
    ],
    [
      'an error code that would add a line to a log',
      say({ error: planted }, 400),
      'token: unreadable_error',
    ],
    ['an error code of 10 KiB', say({ error: 'x'.repeat(10_240) }, 400), 'token: unreadable_error'],
    ['500', send('oops', 500), 'token: response_is_not_conform'],
    [
      '503 as a page',
      send('<html>', 503, { 'content-type': 'text/html' }),
      'token: response_is_not_conform',
    ],
    [
      '401 and a challenge',
      send('{}', 401, { 'www-authenticate': 'Basic realm="x"' }),
      'token: invalid_client',
    ],
    [
      'a redirect',
      send('', 307, { location: 'http://127.0.0.1:9/' }),
      'token: response_is_not_conform',
    ],
    ['2 MiB', send(Buffer.alloc(2 * 1024 * 1024, 0x20)), 'token: answer_over_limit'],
    ['a hang-up', (request) => void request.socket.destroy(), 'token: und_err_socket'],
  ]
  for (const [name, token, error] of answers)
    test(`${name} fails as ${error}`, async (t) => {
      const server = await startHostileServer(t)
      server.token = token
      const bridge = bridgeTo(server.origin, { openid: false })
      assert.equal(errorOf(await bridge.complete('crm', query(), expected)), error)
      const refreshed = await bridge.refresh('crm', {
        accessToken: 'a',
        refreshToken: 'r',
        scopes: [],
      })
      assert.equal(errorOf(refreshed), error.replace('token', 'refresh'))
    })

  test('an honest token is taken by the same bridge', async (t) => {
    const server = await startHostileServer(t)
    server.token = say(good)
    const bridge = bridgeTo(server.origin, { openid: false })
    assert.ok((await bridge.complete('crm', query(), expected)).ok)
  })

  for (const [name, token] of [
    ['nothing at all', () => {}],
    [
      'half a body',
      (_: unknown, response: ServerResponse) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
  ] as const satisfies readonly (readonly [string, RequestListener])[])
    test(`${name} is not waited for`, async (t) => {
      const server = await startHostileServer(t)
      server.token = token
      const bridge = bridgeTo(server.origin, { timeoutSeconds: 0.3 })
      assert.equal(errorOf(await bridge.complete('crm', query(), expected)), 'token: timeout')
    })
})

describe('an ID token is refused', () => {
  const now = () => Math.floor(Date.now() / 1000)
  const claims = (server: Hostile) => ({
    iss: server.origin,
    sub: 'alice',
    aud: clientId,
    iat: now(),
    exp: now() + 60,
    nonce: expected.nonce,
  })
  const sign = (server: Hostile, changes: object = {}, header: object = {}, key = server.key) =>
    signJws(
      key.privateKey,
      { alg: 'ES256', kid: 'as-key', ...header },
      { ...claims(server), ...changes },
    )

  const complete = async (server: Hostile, idToken: string | undefined) => {
    server.token = say({ ...good, ...(idToken === undefined ? {} : { id_token: idToken }) })
    return bridgeTo(server.origin).complete('crm', query(), expected)
  }

  test('not when all of it is right', async (t) => {
    const server = await startHostileServer(t)
    const result = await complete(server, await sign(server))
    assert.ok(result.ok && 'subject' in result.value)
    assert.deepEqual(result.value.subject, { issuer: server.origin, subject: 'alice' })
  })

  for (const [name, make] of [
    ['when it is missing', async () => undefined],
    ['when it is no JWT', async () => 'x.y.z'],
    ['with the nonce of another handshake', (server) => sign(server, { nonce: 'other' })],
    ['without a nonce', (server) => sign(server, { nonce: undefined })],
    ['for another client', (server) => sign(server, { aud: 'other' })],
    [
      'for us and another client, which asked for it',
      (server) => sign(server, { aud: [clientId, 'other'], azp: 'other' }),
    ],
    ['of another issuer', (server) => sign(server, { iss: 'https://evil.example' })],
    ['that expired', (server) => sign(server, { exp: now() - 60 })],
    ['without a subject', (server) => sign(server, { sub: undefined })],
    ['signed with another key', async (server) => sign(server, {}, {}, await createTestKey())],
    ['signed with a key that is not published', (server) => sign(server, {}, { kid: 'other' })],
    [
      'without a signature',
      async (server) =>
        `${(await sign(server, {}, { alg: 'none' })).split('.').slice(0, 2).join('.')}.`,
    ],
    [
      'signed with our client id as secret',
      async (server) => {
        const input = (await sign(server, {}, { alg: 'HS256' })).split('.').slice(0, 2).join('.')
        return `${input}.${createHmac('sha256', clientId).update(input).digest('base64url')}`
      },
    ],
    [
      'with one byte changed',
      async (server) => {
        const [head, , mark] = (await sign(server)).split('.')
        const other = Buffer.from(JSON.stringify({ ...claims(server), sub: 'mallory' })).toString(
          'base64url',
        )
        return `${head}.${other}.${mark}`
      },
    ],
  ] as const satisfies readonly (readonly [
    string,
    (server: Hostile) => Promise<string | undefined>,
  ])[])
    test(name, async (t) => {
      const server = await startHostileServer(t)
      assert.match(errorOf(await complete(server, await make(server))), /^token: /)
    })

  test('when its key set cannot be had', async (t) => {
    const server = await startHostileServer(t)
    server.routes['/jwks'] = send('oops', 500)
    assert.match(errorOf(await complete(server, await sign(server))), /^token: /)
  })
})

describe('a callback', () => {
  for (const [name, change] of [
    ['without a code', (changed) => changed.delete('code')],
    ['with two codes', (changed) => changed.append('code', 'other')],
    ['with two states', (changed) => changed.append('state', expected.state)],
    ['with a token in it', (changed) => changed.set('id_token', 'x')],
    ['wrapped in a JWT', (changed) => changed.set('response', 'x')],
    ['of another issuer (mix-up)', (changed) => changed.set('iss', 'https://evil.example')],
    ['with an error nobody knows', (changed) => changed.set('error', planted)],
    ['with a server error', (changed) => changed.set('error', 'server_error')],
  ] as const satisfies readonly (readonly [string, (changed: URLSearchParams) => void])[])
    test(`${name} fails, and nothing is sent to the token endpoint`, async (t) => {
      const server = await startHostileServer(t)
      let asked = 0
      server.token = (_request, response) => {
        asked++
        response.end()
      }
      const changed = query()
      change(changed)
      errorOf(await bridgeTo(server.origin).complete('crm', changed, expected))
      assert.equal(asked, 0)
    })
})

describe('discovery', () => {
  test('that fails never blocks the start, backs off, and is made up for later', async (t) => {
    const server = await startHostileServer(t)
    const clock = createVirtualClock()
    const asked: string[] = []
    let up = false
    const bridge = bridgeTo(server.origin, {
      clock,
      fetch: async (url, init) => {
        asked.push(url)
        if (!up) throw Object.assign(new TypeError('fetch failed'), { code: 'ECONNREFUSED' })
        return fetch(url, init)
      },
    })
    assert.deepEqual(asked, [])
    for (const [seconds, requests] of [
      [0, 1],
      [0.5, 1],
      [0.5, 2],
      [1, 2],
      [1, 3],
    ] as const) {
      clock.advance(seconds)
      const results = await Promise.all(
        [1, 2, 3].map(() => bridge.authorizationUrl('crm', expected)),
      )
      for (const result of results) assert.equal(errorOf(result), 'discovery: econnrefused')
      assert.equal(asked.length, requests)
    }
    up = true
    clock.advance(30)
    assert.ok((await bridge.authorizationUrl('crm', expected)).ok)
    assert.equal(asked.length, 4)
  })

  test('that worked is used for an hour, and longer while it cannot be had anew', async (t) => {
    const server = await startHostileServer(t)
    const clock = createVirtualClock()
    let asked = 0
    const discover = server.routes['/.well-known/openid-configuration'] as RequestListener
    server.routes['/.well-known/openid-configuration'] = (request, response) => {
      asked++
      if (asked === 1) discover(request, response)
      else send('oops', 500)(request, response)
    }
    const bridge = bridgeTo(server.origin, { clock })
    assert.ok((await bridge.authorizationUrl('crm', expected)).ok)
    clock.advance(3599)
    assert.ok((await bridge.authorizationUrl('crm', expected)).ok)
    assert.equal(asked, 1)
    clock.advance(1)
    assert.ok((await bridge.authorizationUrl('crm', expected)).ok)
    assert.ok((await bridge.authorizationUrl('crm', expected)).ok)
  })

  test('finds a plain OAuth 2.0 server by RFC 8414', async (t) => {
    const server = await startHostileServer(t)
    delete server.routes['/.well-known/openid-configuration']
    server.routes['/.well-known/oauth-authorization-server'] = (_request, response) =>
      answerJson(response, metadata(server.origin))
    const result = await bridgeTo(server.origin, { openid: false }).authorizationUrl(
      'crm',
      expected,
    )
    assert.ok(result.ok)
    assert.equal(result.value.origin, server.origin)
    assert.equal(result.value.searchParams.has('nonce'), false)
  })

  for (const [name, answer] of [
    [
      'names another issuer',
      (origin) => say({ ...metadata(origin), issuer: 'https://evil.example' }),
    ],
    ['is no JSON', () => send('{')],
    ['is a page', () => send('<html>', 200, { 'content-type': 'text/html' })],
    ['has no issuer', () => say({})],
    ['is 2 MiB long', () => send(Buffer.alloc(2 * 1024 * 1024, 0x20))],
    ['redirects', (origin) => send('', 302, { location: `${origin}/elsewhere` })],
  ] as const satisfies readonly (readonly [string, (origin: string) => RequestListener])[])
    test(`whose answer ${name} is a failure`, async (t) => {
      const server = await startHostileServer(t)
      server.routes['/elsewhere'] = say(metadata(server.origin))
      server.routes['/.well-known/openid-configuration'] = answer(server.origin)
      const bridge = bridgeTo(server.origin)
      assert.match(errorOf(await bridge.authorizationUrl('crm', expected)), /^discovery: /)
    })

  for (const [name, changes] of [
    ['no authorization endpoint', { authorization_endpoint: undefined }],
    ['a script for an authorization endpoint', { authorization_endpoint: 'javascript:alert(1)' }],
    ['a number for an authorization endpoint', { authorization_endpoint: 1 }],
  ] as const)
    test(`that gives ${name} leads no browser there`, async (t) => {
      const server = await startHostileServer(t)
      server.routes['/.well-known/openid-configuration'] = say({
        ...metadata(server.origin),
        ...changes,
      })
      const bridge = bridgeTo(server.origin)
      assert.match(errorOf(await bridge.authorizationUrl('crm', expected)), /^authorize: /)
    })

  test('that hangs is not waited for', async (t) => {
    const server = await startHostileServer(t)
    server.routes['/.well-known/openid-configuration'] = () => {}
    const bridge = bridgeTo(server.origin, { timeoutSeconds: 0.3 })
    assert.equal(errorOf(await bridge.authorizationUrl('crm', expected)), 'discovery: timeout')
  })
})
