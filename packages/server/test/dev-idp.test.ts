import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test, type TestContext } from 'node:test'
import type { Failure, Result } from '@ath-protocol/types'
import { createSeededRandom, createVirtualClock } from '@sallyport/testing'
import * as oauth from 'openid-client'
import { createDevIdp, createOAuthBridge, type DevIdpOptions } from '../src/index.ts'
import {
  app,
  callbackUrl,
  type DevIdpServer,
  type Fields,
  other,
  otherCallbackUrl,
  publicClient,
  startDevIdp,
  type Visit,
} from './dev-idp-server.ts'

const approve = {
  person: 'wang',
  scope: ['products:read', 'orders:write'],
  decision: 'approve',
} as const

const settings: DevIdpOptions = {
  issuer: 'http://localhost:3000/ath/dev-idp',
  clients: [],
  clock: createVirtualClock(),
  random: createSeededRandom(),
  production: false,
}

describe('the development log-in is not created', () => {
  test('in production, and says what to configure instead', () => {
    assert.throws(() => createDevIdp({ ...settings, production: true }), {
      message: /production.*`oauth: \{ issuer, clientId, clientSecret \}`/,
    })
  })
  for (const issuer of ['https://shop.example/ath/dev-idp', 'http://10.0.0.5:3000/ath/dev-idp'])
    test(`at ${issuer}, where others may reach it, unless that is wanted`, () => {
      assert.throws(() => createDevIdp({ ...settings, issuer }), /whoever reaches it/)
      assert.equal(createDevIdp({ ...settings, issuer, allowRemote: true }).issuer, issuer)
    })
  for (const issuer of [
    'localhost:3000',
    'http://localhost:3000/',
    'http://localhost:3000',
    'http://localhost:3000/idp/',
    'http://localhost:3000/idp?a=b',
    'http://me@localhost:3000/idp',
  ])
    test(`at ${issuer}, which cannot be an issuer with a path`, () => {
      assert.throws(() => createDevIdp({ ...settings, issuer }), TypeError)
    })
  test('without people', () => {
    assert.throws(() => createDevIdp({ ...settings, people: [] }), /no people/)
  })
})

function valueOf<T>(result: Result<T, Failure>): T {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error))
  return result.value
}

const errorOf = (result: Result<unknown, Failure>) =>
  !result.ok && result.error.reason === 'upstream_oauth'
    ? `${result.error.step}: ${result.error.error}`
    : JSON.stringify(result)

describe('our OAuth bridge', () => {
  async function setUp(t: TestContext, extraScopes = ['openid', 'offline_access', 'profile']) {
    const server = await startDevIdp(t)
    const bridge = createOAuthBridge({
      providers: new Map([['shop', { issuer: server.issuer, ...app, extraScopes }]]),
      callbackUrl,
      fetch: (url, init) => fetch(url, init),
      clock: { now: () => Date.now() / 1000 },
      allowInsecureHttp: true,
      timeoutSeconds: 5,
    })
    const begin = async (fields: Fields) => {
      const expected = {
        state: randomBytes(16).toString('base64url'),
        nonce: randomBytes(16).toString('base64url'),
        codeVerifier: randomBytes(32).toString('base64url'),
        scopes: ['products:read', 'orders:write'],
        resource: 'http://localhost:3000/api',
      }
      const url = valueOf(await bridge.authorizationUrl('shop', { ...expected, askAnew: true }))
      return { query: (await answerAs(server, url, fields)).searchParams, expected }
    }
    return { server, bridge, begin }
  }

  test('[R61] [R72] [R73] [R125] gets tokens, rotates and revokes them, and learns who the person is', async (t) => {
    const { server, bridge, begin } = await setUp(t)
    const { query, expected } = await begin({ ...approve, scope: ['profile', 'products:read'] })
    const done = valueOf(await bridge.complete('shop', query, expected))
    assert.ok('tokens' in done)
    assert.deepEqual(done.subject, {
      issuer: server.issuer,
      subject: 'wang',
      name: '王晓 Wang Xiao',
    })
    assert.equal(done.answeredScope, 'openid offline_access profile products:read')
    const fresh = valueOf(await bridge.refresh('shop', done.tokens))
    assert.notEqual(fresh.refreshToken, done.tokens.refreshToken)
    assert.equal((await introspect(server, fresh.accessToken))['active'], true)
    valueOf(await bridge.revoke('shop', fresh))
    assert.equal((await introspect(server, fresh.accessToken))['active'], false)
    assert.equal(errorOf(await bridge.refresh('shop', fresh)), 'refresh: invalid_grant')
  })

  test('works without `openid` too', async (t) => {
    const { bridge, begin } = await setUp(t, [])
    const { query, expected } = await begin(approve)
    const done = valueOf(await bridge.complete('shop', query, expected))
    assert.ok('tokens' in done)
    assert.equal(done.subject, undefined)
    assert.deepEqual(done.tokens.scopes, expected.scopes)
  })

  test('hears a no', async (t) => {
    const { bridge, begin } = await setUp(t)
    const { query, expected } = await begin({ decision: 'deny' })
    assert.deepEqual(valueOf(await bridge.complete('shop', query, expected)), { denied: true })
  })
})

/** Opens the page, fills it in, and gives the URL that the client would be called back at. */
async function answerAs(server: DevIdpServer, url: URL, fields: Fields): Promise<URL> {
  const visitor = server.visitor()
  const page = await visitor.open(url)
  assert.equal(page.status, 200, page.html)
  const { location, status, html } = await visitor.submit(url, page, fields)
  assert.equal(status, 303, html)
  assert.ok(location)
  return location
}

const basic = ({ clientId, clientSecret }: typeof app) =>
  `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`

async function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = { authorization: basic(app) },
) {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers })
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    headers: answer.headers,
  }
}

const introspect = async (server: DevIdpServer, token: string, client = app) =>
  (await post(`${server.issuer}/introspect`, { token }, { authorization: basic(client) })).body

const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

const request = (
  server: DevIdpServer,
  changes: Readonly<Record<string, string | undefined>> = {},
) => {
  const url = new URL(`${server.issuer}/authorize`)
  const parameters: Readonly<Record<string, string | undefined>> = {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: callbackUrl,
    scope: 'openid products:read orders:write',
    state: 'st&te=1',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...changes,
  }
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.append(name, value)
  return url
}

/** A fresh code, and what it is exchanged with. */
async function freshCode(server: DevIdpServer, changes: Readonly<Record<string, string>> = {}) {
  const back = await answerAs(server, request(server, changes), approve)
  return {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: callbackUrl,
    code_verifier: verifier,
  }
}

describe('openid-client', () => {
  for (const algorithm of ['oidc', 'oauth2'] as const)
    test(`discovers it by ${algorithm}, signs in with PKCE, asks who it is, and refreshes`, async (t) => {
      const server = await startDevIdp(t)
      const config = await oauth.discovery(
        new URL(server.issuer),
        app.clientId,
        undefined,
        oauth.ClientSecretPost(app.clientSecret),
        { algorithm, execute: [oauth.allowInsecureRequests] },
      )
      const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
      const url = oauth.buildAuthorizationUrl(config, {
        redirect_uri: callbackUrl,
        scope: 'openid profile email products:read',
        state: 'st&te=1',
        nonce: 'n-1',
        max_age: '0',
        prompt: 'login',
        code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
      })
      const before = Math.floor(Date.now() / 1000)
      const back = await answerAs(server, url, {
        ...approve,
        scope: ['profile', 'email', 'products:read'],
      })
      assert.equal(back.searchParams.get('iss'), server.issuer)
      const tokens = await oauth.authorizationCodeGrant(config, back, {
        pkceCodeVerifier,
        expectedState: 'st&te=1',
        expectedNonce: 'n-1',
        maxAge: 60,
      })
      const claims = tokens.claims()
      assert.equal(claims?.sub, 'wang')
      assert.equal(claims?.['email'], 'wang@example.com')
      assert.ok((claims?.auth_time ?? 0) >= before)
      const info = await oauth.fetchUserInfo(config, tokens.access_token, 'wang')
      assert.equal(info.name, '王晓 Wang Xiao')
      const fresh = await oauth.refreshTokenGrant(config, tokens.refresh_token ?? '')
      assert.equal(fresh.scope, tokens.scope)
      const worth = await oauth.tokenIntrospection(config, fresh.access_token)
      assert.equal(worth.active, true)
      assert.equal(worth.sub, 'wang')
    })

  test('signs in with an ID token whose signature is checked against the key set', async (t) => {
    const server = await startDevIdp(t)
    const config = await oauth.discovery(
      new URL(server.issuer),
      app.clientId,
      app.clientSecret,
      undefined,
      {
        execute: [oauth.allowInsecureRequests, oauth.enableNonRepudiationChecks],
      },
    )
    const back = await answerAs(server, request(server), approve)
    const tokens = await oauth.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: 'st&te=1',
      idTokenExpected: true,
    })
    assert.equal(tokens.claims()?.iss, server.issuer)
  })

  test('registers a client by itself and signs in as a public one', async (t) => {
    const server = await startDevIdp(t)
    const config = await oauth.dynamicClientRegistration(
      new URL(server.issuer),
      {
        redirect_uris: [callbackUrl],
        token_endpoint_auth_method: 'none',
        client_name: 'Came by itself',
        scope: 'products:read',
      },
      oauth.None(),
      { execute: [oauth.allowInsecureRequests] },
    )
    const client_id = config.clientMetadata().client_id
    const url = request(server, { client_id, scope: 'openid products:read' })
    const back = await answerAs(server, url, { ...approve, scope: 'products:read' })
    const tokens = await oauth.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: 'st&te=1',
    })
    assert.equal(tokens.scope, 'openid products:read')
    assert.equal(tokens.refresh_token, undefined)
    const beyond = await server
      .visitor()
      .open(request(server, { client_id, scope: 'orders:write' }))
    assert.equal(beyond.location?.searchParams.get('error'), 'invalid_scope')
  })
})

describe('the authorization endpoint', () => {
  for (const [what, changes] of [
    ['an unknown client', { client_id: 'nobody' }],
    ['no client', { client_id: undefined }],
    ['another redirect URI', { redirect_uri: 'https://evil.example/' }],
    ['a redirect URI with something behind it', { redirect_uri: `${callbackUrl}/../evil` }],
    ['a redirect URI with a query', { redirect_uri: `${callbackUrl}?next=https://evil.example` }],
    ['a redirect URI in capitals', { redirect_uri: callbackUrl.toUpperCase() }],
    [
      'a redirect URI with credentials',
      { redirect_uri: 'http://localhost:9@evil.example/ath/callback' },
    ],
    ['the redirect URI of another client', { redirect_uri: otherCallbackUrl }],
    ['no redirect URI', { redirect_uri: undefined }],
  ] as const)
    test(`sends nobody anywhere for ${what}`, async (t) => {
      const server = await startDevIdp(t)
      const page = await server.visitor().open(request(server, changes))
      assert.equal(page.status, 400)
      assert.equal(page.location, undefined)
      assert.match(page.html, /This request cannot be answered/)
      assert.doesNotMatch(page.html, /evil/)
    })

  test('sends nobody anywhere when the redirect URI is named twice, in either order', async (t) => {
    const server = await startDevIdp(t)
    for (const [first, second] of [
      [callbackUrl, 'https://evil.example/'],
      ['https://evil.example/', callbackUrl],
    ] as const) {
      const url = request(server, { redirect_uri: first })
      url.searchParams.append('redirect_uri', second)
      const page = await server.visitor().open(url)
      assert.equal(page.status, 400)
      assert.equal(page.location, undefined)
    }
  })

  for (const [what, changes, error] of [
    ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
    ['PKCE `plain`', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a challenge that is no SHA-256', { code_challenge: 'short' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'a.b.c' }, 'request_not_supported'],
    ['a request URI', { request_uri: 'https://a.example/' }, 'request_uri_not_supported'],
    ['an unknown scope', { scope: 'openid admin' }, 'invalid_scope'],
    ['no scope', { scope: undefined }, 'invalid_scope'],
    ['prompt=none', { prompt: 'none' }, 'login_required'],
    ['prompt=none with another', { prompt: 'none login' }, 'invalid_request'],
    ['a max_age that is no number', { max_age: 'soon' }, 'invalid_request'],
    ['a relative resource', { resource: '/api' }, 'invalid_target'],
    ['a resource with a fragment', { resource: 'https://a.example/#x' }, 'invalid_target'],
  ] as const)
    test(`tells the client ${error} for ${what}, with state and issuer`, async (t) => {
      const server = await startDevIdp(t)
      const { location } = await server.visitor().open(request(server, changes))
      assert.ok(location)
      assert.equal(location.origin + location.pathname, callbackUrl)
      assert.equal(location.searchParams.get('error'), error)
      assert.equal(location.searchParams.get('state'), 'st&te=1')
      assert.equal(location.searchParams.get('iss'), server.issuer)
    })

  test('takes its parameters from a posted form too', async (t) => {
    const server = await startDevIdp(t)
    const url = request(server)
    const answer = await fetch(`${server.issuer}/authorize`, {
      method: 'POST',
      body: url.searchParams,
    })
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /Acme Shop/)
  })

  test('names the resources, and keeps the query of a redirect URI', async (t) => {
    const redirectUri = `${callbackUrl}?tab=1`
    const server = await startDevIdp(t, {
      clients: [{ ...app, name: 'Acme Shop', redirectUris: [redirectUri] }],
    })
    const url = request(server, { redirect_uri: redirectUri, resource: 'https://api.example/a' })
    url.searchParams.append('resource', 'https://api.example/b')
    const visitor = server.visitor()
    const page = await visitor.open(url)
    assert.match(page.html, /https:\/\/api\.example\/a/)
    assert.match(page.html, /https:\/\/api\.example\/b/)
    const { location } = await visitor.submit(url, page, approve)
    assert.equal(location?.searchParams.get('tab'), '1')
    assert.ok(location.searchParams.get('code'))
  })

  test('answers under no other host name, which a rebound name would be', async (t) => {
    const server = await startDevIdp(t)
    const { get } = await import('node:http')
    const status = await new Promise((resolve, reject) => {
      get(request(server), { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      }).on('error', reject)
    })
    assert.equal(status, 421)
  })

  test('leaves the rest of the app alone', async (t) => {
    const { issuer } = await startDevIdp(t)
    const { origin } = new URL(issuer)
    for (const [path, status] of [
      ['/', 418],
      ['/ath/dev-idpx', 418],
      ['/ath/token', 418],
      ['/.well-known/oauth-authorization-server', 418],
      ['/ath/dev-idp/nothing', 404],
      ['/ath/dev-idp/token', 405],
    ] as const)
      assert.equal((await fetch(origin + path)).status, status, path)
  })
})

describe('the page', () => {
  const open = async (t: TestContext, changes: Readonly<Record<string, string>> = {}) => {
    const server = await startDevIdp(t)
    const url = request(server, changes)
    const visitor = server.visitor()
    return { server, url, visitor, page: await visitor.open(url) }
  }

  test('says loudly what it is, who asks, and for what; allows no script and no frame', async (t) => {
    const { page } = await open(t, { scope: 'openid profile products:read offline_access' })
    assert.match(page.html, /Development log-in\. No passwords/)
    assert.match(page.html, /Acme Shop/)
    assert.match(page.html, /See products/)
    assert.match(page.html, /Know who you are/)
    assert.match(page.html, /name="scope" value="products:read" checked/)
    assert.doesNotMatch(page.html, /name="scope" value="(openid|offline_access)"/)
    assert.doesNotMatch(page.html, /<script/)
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /script-src|unsafe-inline/)
    assert.match(page.headers.get('set-cookie') ?? '', /HttpOnly; SameSite=Lax/)
  })

  test('speaks Chinese, on request and by link', async (t) => {
    const { page, visitor, url } = await open(t)
    const link = /<a class="lang" href="([^"]+)"/.exec(page.html)?.[1]
    assert.ok(link)
    const chinese = await visitor.open(new URL(link.replaceAll('&#38;', '&'), url))
    assert.match(chinese.html, /<html lang="zh-CN">/)
    assert.match(chinese.html, /没有密码/)
    assert.match(chinese.html, /您是谁？/)
  })

  for (const [hint, person] of [
    ['li', 'li'],
    ['chen@example.com', 'chen'],
    ['nobody', 'wang'],
  ] as const)
    test(`has ${person} chosen for the hint ${hint}`, async (t) => {
      const { page } = await open(t, { login_hint: hint })
      assert.deepEqual(page.html.match(/value="\w+" required checked/g), [
        `value="${person}" required checked`,
      ])
    })

  test('gives only what was ticked', async (t) => {
    const { server, url } = await open(t)
    const back = await answerAs(server, url, { ...approve, scope: 'products:read' })
    const { body } = await post(`${server.issuer}/token`, {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: callbackUrl,
      code_verifier: verifier,
    })
    assert.equal(body['scope'], 'openid products:read')
  })

  test('gives nothing that was not asked, whatever the form says', async (t) => {
    const { server } = await open(t)
    const url = request(server, { scope: 'products:read' })
    const back = await answerAs(server, url, {
      ...approve,
      scope: ['products:read', 'orders:write'],
    })
    const { body } = await post(`${server.issuer}/token`, {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: callbackUrl,
      code_verifier: verifier,
    })
    assert.equal(body['scope'], 'products:read')
    assert.equal(body['id_token'], undefined)
  })

  const again: readonly [string, Fields, RegExp][] = [
    ['nobody is chosen', { ...approve, scope: [], person: [] }, /Choose who you are/],
    [
      'an unknown person is chosen',
      { ...approve, scope: [], person: 'root' },
      /Choose who you are/,
    ],
    ['nothing is ticked', { ...approve, scope: [] }, /Tick at least one box/],
  ]
  for (const [what, fields, problem] of again)
    test(`asks again when ${what}, and takes the second answer`, async (t) => {
      const { visitor, server } = await open(t)
      const url = request(server, { scope: 'products:read offline_access' })
      const page = await visitor.open(url)
      const second = await visitor.submit(url, page, fields)
      assert.equal(second.status, 400)
      assert.match(second.html, problem)
      const done = await visitor.submit(url, second, { ...approve, scope: ['products:read'] })
      assert.ok(done.location?.searchParams.get('code'))
    })

  const late: readonly [
    string,
    (setting: {
      page: Visit
      url: URL
      server: DevIdpServer
      visitor: ReturnType<DevIdpServer['visitor']>
    }) => Promise<Visit>,
  ][] = [
    [
      'in another browser',
      async ({ page, url, server }) => {
        const stranger = server.visitor()
        await stranger.open(url)
        return stranger.submit(url, page, approve)
      },
    ],
    ['without a cookie', ({ page, url, server }) => server.visitor().submit(url, page, approve)],
    [
      'a second time',
      async ({ page, url, visitor }) => {
        await visitor.submit(url, page, approve)
        return visitor.submit(url, page, approve)
      },
    ],
    [
      'after ten minutes',
      async ({ page, url, server, visitor }) => {
        server.advance(601)
        return visitor.submit(url, page, approve)
      },
    ],
    [
      'with a transaction that was made up',
      ({ page, url, visitor }) => visitor.submit(url, page, { ...approve, transaction: 'made-up' }),
    ],
  ]
  for (const [how, answer] of late)
    test(`takes no answer ${how}`, async (t) => {
      const refused = await answer(await open(t))
      assert.equal(refused.status, 400)
      assert.equal(refused.location, undefined)
      assert.match(refused.html, /too old, was answered already, or belongs to another browser/)
    })

  test('shows what others wrote as text, without characters that deceive', async (t) => {
    const hostile = '<script>alert(1)</script>"\'`&\u202egnp.exe\u200b\u2066\u0007'
    const server = await startDevIdp(t, {
      people: [{ id: 'x"><b>', name: hostile, email: hostile }],
      scopes: [{ name: 'products:read', description: hostile }],
    })
    const registration = await fetch(`${server.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [callbackUrl], client_name: hostile }),
    })
    const { client_id } = (await registration.json()) as { client_id: string }
    const { html } = await server.visitor().open(
      request(server, {
        client_id,
        scope: 'products:read',
        login_hint: hostile,
        state: hostile,
        nonce: hostile,
      }),
    )
    assert.match(html, /&#60;script&#62;alert\(1\)/)
    assert.doesNotMatch(html, /<script|<b>"|x"><b>/)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(html, /[\u202e\u200b\u2066\u0007]/)
  })
})

describe('the token endpoint', () => {
  const wrong: readonly [string, Record<string, string>, string][] = [
    ['another verifier', { code_verifier: 'a'.repeat(43) }, 'invalid_grant'],
    ['no verifier', { code_verifier: '' }, 'invalid_grant'],
    ['the challenge for a verifier', { code_verifier: challenge }, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: otherCallbackUrl }, 'invalid_grant'],
    ['no redirect URI', { redirect_uri: '' }, 'invalid_grant'],
    ['a code that was made up', { code: 'devcode_made-up' }, 'invalid_grant'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a resource nobody asked for', { resource: 'https://other.example/' }, 'invalid_target'],
  ]
  for (const [what, changes, error] of wrong)
    test(`[R73] gives nothing for ${what}`, async (t) => {
      const server = await startDevIdp(t)
      const form = await freshCode(server, { resource: 'https://api.example/' })
      const answer = await post(`${server.issuer}/token`, { ...form, ...changes })
      assert.equal(answer.status, 400)
      assert.equal(answer.body['error'], error)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
    })

  test('gives nothing for a code to another client, and still something to its own', async (t) => {
    const server = await startDevIdp(t)
    const form = await freshCode(server)
    const stolen = await post(`${server.issuer}/token`, form, { authorization: basic(other) })
    assert.equal(stolen.body['error'], 'invalid_grant')
    assert.equal((await post(`${server.issuer}/token`, form)).status, 200)
  })

  test('a wrong verifier uses the code up', async (t) => {
    const server = await startDevIdp(t)
    const form = await freshCode(server)
    await post(`${server.issuer}/token`, { ...form, code_verifier: 'a'.repeat(43) })
    assert.equal((await post(`${server.issuer}/token`, form)).body['error'], 'invalid_grant')
  })

  test('a code that comes twice gives nothing, and ends what it gave', async (t) => {
    const server = await startDevIdp(t)
    const form = await freshCode(server)
    const first = await post(`${server.issuer}/token`, form)
    assert.equal((await introspect(server, String(first.body['access_token'])))['active'], true)
    assert.equal((await post(`${server.issuer}/token`, form)).body['error'], 'invalid_grant')
    assert.equal((await introspect(server, String(first.body['access_token'])))['active'], false)
  })

  test('a code is good for a minute', async (t) => {
    const server = await startDevIdp(t)
    const form = await freshCode(server)
    server.advance(60)
    assert.equal((await post(`${server.issuer}/token`, form)).body['error'], 'invalid_grant')
  })

  test('a refresh token that comes twice ends everything', async (t) => {
    const server = await startDevIdp(t)
    const first = (await post(`${server.issuer}/token`, await freshCode(server))).body
    const form = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) }
    const second = (await post(`${server.issuer}/token`, form)).body
    assert.equal((await introspect(server, String(second['access_token'])))['active'], true)
    assert.equal((await post(`${server.issuer}/token`, form)).body['error'], 'invalid_grant')
    assert.equal((await introspect(server, String(second['access_token'])))['active'], false)
    const third = { grant_type: 'refresh_token', refresh_token: String(second['refresh_token']) }
    assert.equal((await post(`${server.issuer}/token`, third)).body['error'], 'invalid_grant')
  })

  test('of two refreshes at once, one comes too late, and everything ends', async (t) => {
    const server = await startDevIdp(t)
    const first = (await post(`${server.issuer}/token`, await freshCode(server))).body
    const form = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) }
    const both = await Promise.all([1, 2].map(() => post(`${server.issuer}/token`, form)))
    assert.equal(both.filter(({ status }) => status === 200).length, 1)
    const given = both.find(({ status }) => status === 200)?.body['access_token']
    assert.equal((await introspect(server, String(given)))['active'], false)
  })

  test('of two exchanges of a code at once, one comes too late, and everything ends', async (t) => {
    const server = await startDevIdp(t)
    const form = await freshCode(server)
    const both = await Promise.all([1, 2].map(() => post(`${server.issuer}/token`, form)))
    assert.equal(both.filter(({ status }) => status === 200).length, 1)
    const given = both.find(({ status }) => status === 200)?.body['access_token']
    assert.equal((await introspect(server, String(given)))['active'], false)
  })

  test('a refresh narrows scopes and resources, never widens them', async (t) => {
    const server = await startDevIdp(t)
    const code = await freshCode(server, { resource: 'https://api.example/' })
    const first = (await post(`${server.issuer}/token`, code)).body
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) }
    const wider = await post(`${server.issuer}/token`, { ...refresh, scope: 'products:read email' })
    assert.equal(wider.body['error'], 'invalid_scope')
    const elsewhere = { ...refresh, resource: 'https://other.example/' }
    assert.equal((await post(`${server.issuer}/token`, elsewhere)).body['error'], 'invalid_target')
    const narrower = await post(`${server.issuer}/token`, { ...refresh, scope: 'products:read' })
    const worth = await introspect(server, String(narrower.body['access_token']))
    assert.equal(worth['scope'], 'products:read')
    assert.equal(worth['aud'], 'https://api.example/')
  })

  const callers: readonly [string, Record<string, string>, Record<string, string>, string][] = [
    [
      'a wrong secret',
      {},
      { authorization: basic({ ...app, clientSecret: 'wrong' }) },
      'invalid_client',
    ],
    ['no secret', { client_id: app.clientId }, {}, 'invalid_client'],
    ['an empty secret', { client_id: app.clientId, client_secret: '' }, {}, 'invalid_client'],
    ['nobody', {}, {}, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody', client_secret: 'x' }, {}, 'invalid_client'],
    ['a scheme that is not Basic', {}, { authorization: 'Bearer x' }, 'invalid_client'],
    [
      'a public client with a secret',
      { client_id: 'public', client_secret: 'x' },
      {},
      'invalid_client',
    ],
    [
      'a secret sent in two ways',
      { client_secret: 'x' },
      { authorization: basic(app) },
      'invalid_request',
    ],
    ['two client ids', { client_id: 'other' }, { authorization: basic(app) }, 'invalid_request'],
  ]
  for (const [who, fields, headers, error] of callers)
    test(`refuses ${who}`, async (t) => {
      const server = await startDevIdp(t)
      const form = await freshCode(server)
      const answer = await post(`${server.issuer}/token`, { ...form, ...fields }, headers)
      assert.equal(answer.body['error'], error)
      assert.equal(answer.status, error === 'invalid_client' ? 401 : 400)
      if (error === 'invalid_client')
        assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic/)
    })

  test('takes a public client by its verifier alone', async (t) => {
    const server = await startDevIdp(t)
    const form = await freshCode(server, { client_id: publicClient.clientId })
    const answer = await post(`${server.issuer}/token`, { ...form, client_id: 'public' }, {})
    assert.equal(answer.status, 200)
  })

  test('refuses a parameter that is sent twice, and a body that is no form', async (t) => {
    const server = await startDevIdp(t)
    const body = new URLSearchParams(await freshCode(server))
    body.append('code', 'another')
    const headers = { authorization: basic(app) }
    const twice = await fetch(`${server.issuer}/token`, { method: 'POST', body, headers })
    assert.equal(twice.status, 400)
    const json = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      body: '{}',
      headers: { ...headers, 'content-type': 'application/json' },
    })
    assert.equal(json.status, 400)
  })
})

describe('what a token is worth', () => {
  const tokensOf = async (server: DevIdpServer) =>
    (await post(`${server.issuer}/token`, await freshCode(server))).body as Record<string, string>

  test('is told to the app with all that it needs to decide', async (t) => {
    const server = await startDevIdp(t)
    const { access_token = '' } = await tokensOf(server)
    const { iat, exp, auth_time, ...rest } = await introspect(server, access_token)
    assert.deepEqual(rest, {
      active: true,
      iss: server.issuer,
      sub: 'wang',
      username: 'wang@example.com',
      client_id: app.clientId,
      scope: 'openid products:read orders:write',
      token_type: 'Bearer',
    })
    assert.equal(Number(exp) - Number(iat), 3600)
    assert.ok(Number(auth_time) <= Number(iat))
    server.advance(3600)
    assert.deepEqual(await introspect(server, access_token), { active: false })
  })

  test('is not told to public clients, strangers, or self-registered clients about others', async (t) => {
    const server = await startDevIdp(t)
    const { access_token: token = '' } = await tokensOf(server)
    const url = `${server.issuer}/introspect`
    assert.equal((await post(url, { token, client_id: 'public' }, {})).status, 401)
    assert.equal((await post(url, { token }, {})).status, 401)
    const registration = await fetch(`${server.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [callbackUrl] }),
    })
    const came = (await registration.json()) as { client_id: string; client_secret: string }
    const client = { clientId: came.client_id, clientSecret: came.client_secret }
    assert.deepEqual(await introspect(server, token, client), { active: false })
  })

  test('ends for one token when it is revoked, for all with the refresh token, for none by another client', async (t) => {
    const server = await startDevIdp(t)
    const { access_token = '', refresh_token = '' } = await tokensOf(server)
    const revoke = (token: string, client: typeof app) =>
      post(`${server.issuer}/revoke`, { token }, { authorization: basic(client) })
    assert.equal((await revoke(access_token, other)).status, 200)
    assert.equal((await introspect(server, access_token))['active'], true)
    await revoke(access_token, app)
    assert.equal((await introspect(server, access_token))['active'], false)
    assert.equal((await introspect(server, refresh_token))['active'], true)
    const fresh = await post(`${server.issuer}/token`, {
      grant_type: 'refresh_token',
      refresh_token,
    })
    await revoke(String(fresh.body['refresh_token']), app)
    assert.equal((await introspect(server, String(fresh.body['access_token'])))['active'], false)
    assert.equal((await revoke('unknown', app)).status, 200)
  })

  test('opens userinfo, and nothing else does', async (t) => {
    const server = await startDevIdp(t)
    const { access_token, refresh_token } = await tokensOf(server)
    const ask = (authorization?: string) =>
      fetch(`${server.issuer}/userinfo`, authorization ? { headers: { authorization } } : {})
    assert.deepEqual(await (await ask(`Bearer ${access_token}`)).json(), { sub: 'wang' })
    for (const wrong of [
      undefined,
      `Bearer ${refresh_token}`,
      'Bearer x',
      `Basic ${access_token}`,
    ]) {
      const answer = await ask(wrong)
      assert.equal(answer.status, 401)
      assert.match(answer.headers.get('www-authenticate') ?? '', /invalid_token/)
    }
  })
})

describe('registration', () => {
  const wrong: readonly [string, unknown, string][] = [
    ['no redirect URI', {}, 'invalid_redirect_uri'],
    ['an empty list of them', { redirect_uris: [] }, 'invalid_redirect_uri'],
    [
      'a redirect URI with a script',
      { redirect_uris: ['javascript:alert(1)'] },
      'invalid_redirect_uri',
    ],
    ['a redirect URI of data', { redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    [
      'a redirect URI with a fragment',
      { redirect_uris: ['https://a.example/#x'] },
      'invalid_redirect_uri',
    ],
    [
      'a redirect URI on plain http',
      { redirect_uris: ['http://a.example/'] },
      'invalid_redirect_uri',
    ],
    [
      'an unknown way to authenticate',
      { redirect_uris: [callbackUrl], token_endpoint_auth_method: 'private_key_jwt' },
      'invalid_client_metadata',
    ],
    [
      'the implicit flow',
      { redirect_uris: [callbackUrl], response_types: ['token'] },
      'invalid_client_metadata',
    ],
    [
      'another grant type',
      { redirect_uris: [callbackUrl], grant_types: ['password'] },
      'invalid_client_metadata',
    ],
    [
      'an endless name',
      { redirect_uris: [callbackUrl], client_name: 'a'.repeat(201) },
      'invalid_client_metadata',
    ],
    ['a list', [], 'invalid_client_metadata'],
  ]
  for (const [what, body, error] of wrong)
    test(`refuses ${what}`, async (t) => {
      const server = await startDevIdp(t)
      const answer = await fetch(`${server.issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal(answer.status, 400)
      assert.equal(((await answer.json()) as { error: string }).error, error)
    })

  test('tells the client what counts here, and nothing else that it sent', async (t) => {
    const server = await startDevIdp(t)
    const answer = await fetch(`${server.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: [callbackUrl],
        token_endpoint_auth_method: 'none',
        client_secret: 'mine',
        logo_uri: 'https://a.example/logo.png',
      }),
    })
    const { client_id, client_id_issued_at, ...rest } = (await answer.json()) as Record<
      string,
      unknown
    >
    assert.match(String(client_id), /^dev_/)
    assert.ok(Number(client_id_issued_at) <= Date.now() / 1000)
    assert.deepEqual(rest, {
      redirect_uris: [callbackUrl],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    })
  })

  test('takes only JSON, which pages of other sites cannot send unasked', async (t) => {
    const server = await startDevIdp(t)
    const body = JSON.stringify({ redirect_uris: [callbackUrl] })
    const answer = await fetch(`${server.issuer}/register`, { method: 'POST', body })
    assert.equal(answer.status, 400)
  })

  test('forgets the first clients when there are too many', async (t) => {
    const server = await startDevIdp(t)
    const register = async () => {
      const answer = await fetch(`${server.issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [callbackUrl] }),
      })
      return ((await answer.json()) as { client_id: string }).client_id
    }
    const first = await register()
    const opens = async (client_id: string) =>
      (await server.visitor().open(request(server, { client_id, scope: 'openid' }))).status
    assert.equal(await opens(first), 200)
    let last = ''
    for (let count = 0; count < 1000; count++) last = await register()
    assert.equal(await opens(first), 400)
    assert.equal(await opens(last), 200)
    assert.equal(await opens(app.clientId), 200)
  })
})
