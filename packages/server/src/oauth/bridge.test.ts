import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test, type TestContext } from 'node:test'
import type { Failure, Result } from '@ath-protocol/types'
import { createVirtualClock } from '@sallyport/testing'
import { resource, startOpenIdServer, visit } from '../../test/openid-server.ts'
import {
  clientId,
  clientSecret,
  startPlainServer,
  type PlainServerOptions,
} from '../../test/plain-oauth-server.ts'
import type { Completed, DeniedUpstream } from '../ports/oauth.ts'
import type { OutboundFetch } from './bounded-fetch.ts'
import { createOAuthBridge } from './bridge.ts'
import type { OAuthProviderSettings } from './settings.ts'

const callbackUrl = 'https://gateway.example/ath/callback'

const newHandshake = () => ({
  state: randomBytes(16).toString('base64url'),
  nonce: randomBytes(16).toString('base64url'),
  codeVerifier: randomBytes(32).toString('base64url'),
})

function bridgeTo(
  settings: OAuthProviderSettings,
  options: { readonly fetch?: OutboundFetch; readonly clock?: { now(): number } } = {},
) {
  return createOAuthBridge({
    providers: new Map([['crm', settings]]),
    callbackUrl,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    clock: options.clock ?? { now: () => Date.now() / 1000 },
    allowInsecureHttp: true,
    timeoutSeconds: 2,
  })
}

function valueOf<T>(result: Result<T, Failure>): T {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error))
  return result.value
}

function completed(result: Result<Completed | DeniedUpstream, Failure>): Completed {
  const value = valueOf(result)
  assert.ok('tokens' in value)
  return value
}

const errorOf = (result: Result<unknown, Failure>) =>
  result.ok
    ? 'no failure'
    : result.error.reason === 'upstream_oauth'
      ? `${result.error.step}: ${result.error.error}`
      : result.error.reason

describe('with a real OpenID provider, the bridge', () => {
  async function setUp(t: TestContext, settings: Partial<OAuthProviderSettings> = {}) {
    const server = await startOpenIdServer(t, { redirect_uris: [callbackUrl] })
    const bridge = bridgeTo({
      issuer: server.issuer,
      clientId: 'gateway',
      clientSecret: 'gateway-secret-of-this-test',
      extraScopes: ['openid', 'offline_access'],
      authorizationParameters: { prompt: 'consent' },
      ...settings,
    })
    const scopes = ['crm:read']
    const begin = async (more: { readonly resource?: string } = {}) => {
      const handshake = newHandshake()
      const request = { ...handshake, scopes, ...more }
      const url = valueOf(await bridge.authorizationUrl('crm', request))
      return { url, query: await visit(url, callbackUrl), expected: request }
    }
    /** Asks the provider itself, as a resource server would. */
    const introspect = async (token: string): Promise<Record<string, unknown>> => {
      const response = await fetch(`${server.issuer}/token/introspection`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from('gateway:gateway-secret-of-this-test').toString('base64')}`,
        },
        body: new URLSearchParams({ token }),
      })
      return (await response.json()) as Record<string, unknown>
    }
    return { server, bridge, begin, introspect }
  }

  test('[R61] [R62] [R72] [R73] [R125] gets tokens with the code grant, form-encoded, and PKCE S256', async (t) => {
    const { server, bridge, begin } = await setUp(t)
    const { url, query, expected } = await begin()
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256')
    assert.match(url.searchParams.get('code_challenge') ?? '', /^[\w-]{43}$/)
    assert.equal(url.searchParams.get('redirect_uri'), callbackUrl)
    assert.equal(url.searchParams.get('prompt'), 'consent')
    assert.ok(!url.href.includes(expected.codeVerifier))
    const done = completed(await bridge.complete('crm', query, expected))
    assert.deepEqual(
      server.tokenRequests.map(({ contentType }) => contentType.split(';')[0]),
      ['application/x-www-form-urlencoded'],
    )
    assert.deepEqual(done.subject, { issuer: server.issuer, subject: 'alice' })
    assert.ok(done.tokens.refreshToken)
    assert.ok((done.tokens.expiresAt ?? 0) > Date.now() / 1000)
    assert.deepEqual([...done.tokens.scopes].sort(), (done.answeredScope ?? '').split(' ').sort())
  })

  test('[R73] gets nothing without the verifier that belongs to the challenge', async (t) => {
    const { bridge, begin } = await setUp(t)
    const { query, expected } = await begin()
    const { codeVerifier } = newHandshake()
    assert.equal(
      errorOf(await bridge.complete('crm', query, { ...expected, codeVerifier })),
      'token: invalid_grant',
    )
  })

  test('[R73] gets nothing for a code the second time', async (t) => {
    const { bridge, begin } = await setUp(t)
    const { query, expected } = await begin()
    completed(await bridge.complete('crm', query, expected))
    assert.equal(errorOf(await bridge.complete('crm', query, expected)), 'token: invalid_grant')
  })

  test('[R57] refuses another state before anything is sent', async (t) => {
    const { server, bridge, begin } = await setUp(t)
    const { query, expected } = await begin()
    const other = { ...expected, state: 'other' }
    assert.equal(errorOf(await bridge.complete('crm', query, other)), 'token: invalid_response')
    assert.equal(server.tokenRequests.length, 0)
  })

  test('refuses an `iss` that is missing, doubled or another issuer before anything is sent (RFC 9207)', async (t) => {
    const { server, bridge, begin } = await setUp(t)
    const { query, expected } = await begin()
    for (const change of [
      (changed: URLSearchParams) => changed.delete('iss'),
      (changed: URLSearchParams) => changed.set('iss', 'https://evil.example'),
      (changed: URLSearchParams) => changed.set('iss', `${server.issuer}/`),
      (changed: URLSearchParams) => changed.append('iss', 'https://evil.example'),
    ]) {
      const changed = new URLSearchParams(query)
      change(changed)
      assert.equal(
        errorOf(await bridge.complete('crm', changed, expected)),
        'token: invalid_response',
      )
    }
    assert.equal(server.tokenRequests.length, 0)
  })

  test('refuses an ID token with the nonce of another handshake', async (t) => {
    const { bridge, begin } = await setUp(t)
    const { query, expected } = await begin()
    assert.equal(
      errorOf(await bridge.complete('crm', query, { ...expected, nonce: 'other' })),
      'token: jwt_claim_comparison_failed',
    )
  })

  test('says that the user denied only when state and issuer are right', async (t) => {
    const { server, bridge } = await setUp(t)
    const handshake = newHandshake()
    valueOf(await bridge.authorizationUrl('crm', { ...handshake, scopes: [] }))
    const query = new URLSearchParams({
      error: 'access_denied',
      state: handshake.state,
      iss: server.issuer,
    })
    const expected = { ...handshake, scopes: [] }
    assert.deepEqual(valueOf(await bridge.complete('crm', query, expected)), { denied: true })
    query.set('state', 'other')
    assert.equal(errorOf(await bridge.complete('crm', query, expected)), 'token: invalid_response')
    query.set('state', handshake.state)
    query.set('iss', 'https://evil.example')
    assert.equal(errorOf(await bridge.complete('crm', query, expected)), 'token: invalid_response')
  })

  test('[R69] [R125] names the resource when it asks, exchanges and refreshes (RFC 8707)', async (t) => {
    const { bridge, begin, introspect } = await setUp(t)
    const { url, query, expected } = await begin({ resource })
    assert.equal(url.searchParams.get('resource'), resource)
    const { tokens } = completed(await bridge.complete('crm', query, expected))
    assert.equal((await introspect(tokens.accessToken))['aud'], resource)
    const fresh = valueOf(await bridge.refresh('crm', tokens))
    assert.equal((await introspect(fresh.accessToken))['aud'], resource)
    assert.equal(fresh.resource, resource)
  })

  test('[R125] keeps the rotated refresh token, and the old one no longer works', async (t) => {
    const { bridge, begin, introspect } = await setUp(t)
    const { query, expected } = await begin()
    const { tokens } = completed(await bridge.complete('crm', query, expected))
    const fresh = valueOf(await bridge.refresh('crm', tokens))
    assert.notEqual(fresh.refreshToken, tokens.refreshToken)
    assert.notEqual(fresh.accessToken, tokens.accessToken)
    assert.equal((await introspect(fresh.accessToken))['active'], true)
    assert.equal(errorOf(await bridge.refresh('crm', tokens)), 'refresh: invalid_grant')
  })

  test('revokes both tokens, and does not mind doing it twice (RFC 7009)', async (t) => {
    const { bridge, begin, introspect } = await setUp(t)
    const { query, expected } = await begin()
    const { tokens } = completed(await bridge.complete('crm', query, expected))
    assert.equal((await introspect(tokens.accessToken))['active'], true)
    valueOf(await bridge.revoke('crm', tokens))
    assert.equal((await introspect(tokens.accessToken))['active'], false)
    assert.equal((await introspect(tokens.refreshToken ?? ''))['active'], false)
    valueOf(await bridge.revoke('crm', tokens))
  })

  test('[C24] knows the user from userinfo where no ID token can be checked', async (t) => {
    const server = await startOpenIdServer(t, { redirect_uris: [callbackUrl] })
    const bridge = bridgeTo({
      authorizationEndpoint: `${server.issuer}/auth`,
      tokenEndpoint: `${server.issuer}/token`,
      userinfoEndpoint: `${server.issuer}/me`,
      clientId: 'gateway',
      clientSecret: 'gateway-secret-of-this-test',
      extraScopes: ['openid', 'profile'],
    })
    const expected = { ...newHandshake(), scopes: [] }
    const url = valueOf(await bridge.authorizationUrl('crm', expected))
    const query = await visit(url, callbackUrl)
    assert.deepEqual(completed(await bridge.complete('crm', query, expected)).subject, {
      issuer: server.issuer,
      subject: 'alice',
      name: 'Alice Example',
    })
    query.set('iss', 'https://evil.example')
    assert.equal(errorOf(await bridge.complete('crm', query, expected)), 'callback: iss_differs')
  })

  test('asks the person anew where nobody else asked them, unless it is configured otherwise', async (t) => {
    const prompt = async (authorizationParameters: Record<string, string>, askAnew: boolean) => {
      const { bridge } = await setUp(t, { authorizationParameters })
      const request = { ...newHandshake(), scopes: [], askAnew }
      return valueOf(await bridge.authorizationUrl('crm', request)).searchParams.get('prompt')
    }
    assert.equal(await prompt({}, true), 'consent')
    assert.equal(await prompt({}, false), null)
    assert.equal(await prompt({ prompt: 'login consent' }, true), 'login consent')
  })

  test('configured parameters never replace those that the handshake depends on', async (t) => {
    const { bridge } = await setUp(t, {
      authorizationParameters: {
        state: 'fixed',
        redirect_uri: 'https://evil.example',
        code_challenge: 'fixed',
        code_challenge_method: 'plain',
        response_type: 'token',
        prompt: 'login',
      },
    })
    const handshake = newHandshake()
    const url = valueOf(await bridge.authorizationUrl('crm', { ...handshake, scopes: [] }))
    assert.deepEqual(url.searchParams.getAll('state'), [handshake.state])
    assert.deepEqual(url.searchParams.getAll('redirect_uri'), [callbackUrl])
    assert.deepEqual(url.searchParams.getAll('code_challenge_method'), ['S256'])
    assert.deepEqual(url.searchParams.getAll('response_type'), ['code'])
    assert.deepEqual(url.searchParams.getAll('prompt'), ['login'])
  })
})

describe('with a plain OAuth 2.0 server, the bridge', () => {
  async function setUp(
    t: TestContext,
    options: Partial<PlainServerOptions> = {},
    settings: Partial<OAuthProviderSettings> = {},
  ) {
    const server = await startPlainServer(t, { callbackUrl, ...options })
    const clock = createVirtualClock()
    const bridge = bridgeTo(
      {
        authorizationEndpoint: `${server.origin}/authorize`,
        tokenEndpoint: `${server.origin}/token`,
        revocationEndpoint: `${server.origin}/revoke`,
        clientId,
        ...(options.clientAuth === 'none' ? {} : { clientSecret }),
        ...(options.clientAuth ? { clientAuth: options.clientAuth } : {}),
        ...settings,
      },
      { clock },
    )
    const run = async (more: { readonly resource?: string } = {}) => {
      const expected = { ...newHandshake(), scopes: ['repo', 'read:user'], ...more }
      const url = valueOf(await bridge.authorizationUrl('crm', expected))
      return bridge.complete('crm', await visit(url, callbackUrl), expected)
    }
    return { server, bridge, clock, run }
  }

  for (const clientAuth of ['client_secret_basic', 'client_secret_post', 'none'] as const)
    test(`[R72] [R73] does nothing that the server could refuse, authenticating by ${clientAuth}`, async (t) => {
      const { server, bridge, clock, run } = await setUp(t, { clientAuth })
      const { tokens } = completed(await run({ resource: 'https://api.example.com/' }))
      assert.equal(tokens.expiresAt, clock.now() + 600)
      const fresh = valueOf(await bridge.refresh('crm', tokens))
      valueOf(await bridge.revoke('crm', fresh))
      assert.deepEqual(server.refused, [])
      assert.deepEqual(
        server.forms.map((form) => form.get('grant_type')),
        ['authorization_code', 'refresh_token'],
      )
      assert.deepEqual(server.revoked, [
        [fresh.refreshToken, 'refresh_token'],
        [fresh.accessToken, 'access_token'],
      ])
    })

  for (const [said, answerScope, scopes] of [
    ['nothing', undefined, ['repo', 'read:user']],
    ['an empty text', '', []],
    ['fewer scopes', 'repo', ['repo']],
    ['scopes with commas', 'repo,read:user', ['repo', 'read:user']],
    ['scopes with commas and spaces', 'repo, read:user', ['repo', 'read:user']],
    ['more than was asked', 'repo read:user admin', ['repo', 'read:user', 'admin']],
  ] as const)
    test(`[C25] keeps what the server said about scopes: ${said}`, async (t) => {
      const { run } = await setUp(t, { answerScope })
      const done = completed(await run())
      assert.equal(done.answeredScope, answerScope)
      assert.equal('answeredScope' in done, answerScope !== undefined)
      assert.deepEqual(done.tokens.scopes, scopes)
    })

  test('[C24] says nothing about the user when nobody is asked, and asks userinfo when it is named', async (t) => {
    const silent = await setUp(t)
    assert.equal(completed(await silent.run()).subject, undefined)
    const server = await startPlainServer(t, { callbackUrl })
    const asking = await setUp(t, {}, { userinfoEndpoint: `${server.origin}/user` })
    const { subject } = completed(await asking.run())
    assert.equal(subject?.subject, '4711')
    assert.equal(subject?.name, 'Bob')
    const named = await setUp(
      t,
      {},
      { userinfoEndpoint: `${server.origin}/user`, userinfoSubject: 'email' },
    )
    assert.equal(completed(await named.run()).subject?.subject, 'bob@example.com')
    const wrong = await setUp(
      t,
      {},
      { userinfoEndpoint: `${server.origin}/user`, userinfoSubject: 'login' },
    )
    assert.equal(errorOf(await wrong.run()), 'userinfo: no_subject')
  })

  test('[R125] keeps the old refresh token when no new one comes', async (t) => {
    const { bridge } = await setUp(t, {
      routes: {
        '/token': (_request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' })
          response.end('{"access_token":"new","token_type":"bearer"}')
        },
      },
    })
    assert.deepEqual(
      valueOf(
        await bridge.refresh('crm', {
          accessToken: 'old',
          refreshToken: 'kept',
          expiresAt: 1,
          scopes: ['repo'],
          resource: 'https://api.example.com/',
        }),
      ),
      {
        accessToken: 'new',
        refreshToken: 'kept',
        scopes: ['repo'],
        resource: 'https://api.example.com/',
      },
    )
  })

  test('cannot refresh without a refresh token, and says so', async (t) => {
    const { bridge, server } = await setUp(t)
    const tokens = { accessToken: 'x', scopes: [] }
    assert.equal(errorOf(await bridge.refresh('crm', tokens)), 'refresh: no_refresh_token')
    assert.equal(server.forms.length, 0)
  })

  test('is content where there is no revocation endpoint, and reports one that fails', async (t) => {
    const server = await startPlainServer(t, {
      callbackUrl,
      routes: {
        '/503': (_request, response) => void response.writeHead(503).end(),
        '/access-unsupported': (request, response) => {
          let body = ''
          request.on('data', (chunk) => (body += String(chunk)))
          request.on('end', () => {
            const refresh = new URLSearchParams(body).get('token_type_hint') === 'refresh_token'
            response.writeHead(refresh ? 200 : 400, { 'content-type': 'application/json' })
            response.end(refresh ? '' : '{"error":"unsupported_token_type"}')
          })
        },
      },
    })
    const endpoints = {
      authorizationEndpoint: `${server.origin}/authorize`,
      tokenEndpoint: `${server.origin}/token`,
      clientId,
      clientSecret,
    }
    const both = { accessToken: 'a', refreshToken: 'r', scopes: [] }
    const access = { accessToken: 'a', scopes: [] }
    const to = (path: string) =>
      bridgeTo({ ...endpoints, revocationEndpoint: `${server.origin}${path}` })
    valueOf(await bridgeTo(endpoints).revoke('crm', both))
    assert.equal(errorOf(await to('/503').revoke('crm', both)), 'revoke: response_is_not_conform')
    valueOf(await to('/access-unsupported').revoke('crm', both))
    assert.equal(
      errorOf(await to('/access-unsupported').revoke('crm', access)),
      'revoke: unsupported_token_type',
    )
  })

  test('does not know other providers', async (t) => {
    const { bridge } = await setUp(t)
    const request = { ...newHandshake(), scopes: [] }
    assert.equal(errorOf(await bridge.authorizationUrl('other', request)), 'provider_unknown')
    const query = new URLSearchParams({ code: 'x', state: request.state })
    assert.equal(errorOf(await bridge.complete('other', query, request)), 'provider_unknown')
  })

  test('sends no secret over http unless development allows it', async () => {
    const asked: string[] = []
    const bridge = createOAuthBridge({
      providers: new Map([
        [
          'crm',
          {
            authorizationEndpoint: 'https://as.example/a',
            tokenEndpoint: 'http://as.example/t',
            clientId,
          },
        ],
      ]),
      callbackUrl,
      fetch: async (url) => {
        asked.push(url)
        return new Response()
      },
      clock: createVirtualClock(),
      allowInsecureHttp: false,
    })
    const expected = { ...newHandshake(), scopes: [] }
    const query = new URLSearchParams({ code: 'x', state: expected.state })
    assert.equal(
      errorOf(await bridge.complete('crm', query, expected)),
      'token: http_request_forbidden',
    )
    assert.deepEqual(asked, [])
  })
})

describe('settings that can never work are refused at start:', () => {
  for (const [name, settings] of [
    ['neither issuer nor endpoints', { clientId }],
    ['one endpoint only', { clientId, tokenEndpoint: 'https://as.example/token' }],
    [
      'a metadata URL for an issuer',
      { clientId, issuer: 'https://as.example/.well-known/openid-configuration' },
    ],
    [
      'a secret method without a secret',
      { clientId, issuer: 'https://as.example', clientAuth: 'client_secret_post' },
    ],
  ] as const satisfies readonly (readonly [string, OAuthProviderSettings])[])
    test(name, () => {
      assert.throws(() => bridgeTo(settings), TypeError)
    })

  test('a callback URL with a query', () => {
    assert.throws(
      () =>
        createOAuthBridge({
          providers: new Map(),
          callbackUrl: `${callbackUrl}?x=1`,
          fetch,
          clock: createVirtualClock(),
          allowInsecureHttp: false,
        }),
      TypeError,
    )
  })
})
