import assert from 'node:assert/strict'
import http from 'node:http'
import { describe, test } from 'node:test'
import { fail, ok } from '@ath-protocol/types'
import type { ProviderTokens } from '@ath-protocol/server'
import type { ProviderAuth } from '../../src/config/config.ts'
import { agentId, bodyOf, call, openOther, testSigner } from './world.ts'

/** An upstream that says which headers it got. */
const echo: http.RequestListener = (request, response) => {
  request.resume().on('end', () => response.end(JSON.stringify(request.headers)))
}

describe('fixed credentials', () => {
  const kinds: readonly [ProviderAuth, string, string][] = [
    [{ kind: 'api_key', header: 'X-Api-Key', prefix: '', key: 'k3y' }, 'x-api-key', 'k3y'],
    [
      { kind: 'api_key', header: 'Authorization', prefix: 'Token ', key: 'k3y' },
      'authorization',
      'Token k3y',
    ],
    [
      { kind: 'basic', username: 'gäte', password: 'p:w' },
      'authorization',
      `Basic ${Buffer.from('gäte:p:w').toString('base64')}`,
    ],
  ]
  for (const [auth, header, value] of kinds)
    test(`[R101] ${auth.kind} in ${header} replaces whatever the agent sent there`, async (t) => {
      const world = await openOther(t, { auth, upstream: echo })
      const answer = await call(world, '/ath/proxy/oa/x', {
        headers: { ...world.good, 'x-api-key': 'forged', x_api_key: 'forged' },
      })
      const got = answer.json()
      assert.equal(got[header], value)
      if (header === 'x-api-key') assert.ok(!answer.body.toString().includes('forged'))
    })

  test('[R101] an upstream without credentials gets none', async (t) => {
    const world = await openOther(t, { upstream: echo })
    const got = (await call(world, '/ath/proxy/oa/x')).json()
    assert.deepEqual(Object.keys(got).sort(), ['connection', 'host', 'via'])
  })
})

describe('the user’s token at an OAuth provider', () => {
  const auth: ProviderAuth = { kind: 'mock_oauth2', user: 'u' }
  const held = (changes: Partial<ProviderTokens> = {}): ProviderTokens => ({
    accessToken: 'up-1',
    refreshToken: 'refresh-1',
    scopes: ['oa:all'],
    ...changes,
  })

  test('[R97] [R101] goes upstream instead of the ATH token', async (t) => {
    const world = await openOther(t, { auth, upstream: echo })
    await world.providerTokens.save('gnt_1', held())
    const answer = await call(world, '/ath/proxy/oa/x')
    assert.equal(answer.json()['authorization'], 'Bearer up-1')
    assert.ok(!answer.body.toString().includes(world.token))
  })

  test('is renewed before it runs out, once for all who wait, kept, and recorded', async (t) => {
    let refreshes = 0
    const world = await openOther(t, {
      auth,
      upstream: echo,
      refresh: async (_, tokens) => {
        refreshes++
        assert.equal(tokens.refreshToken, 'refresh-1')
        return ok(
          held({
            accessToken: 'up-2',
            refreshToken: 'refresh-2',
            expiresAt: world.clock.now() + 3600,
          }),
        )
      },
    })
    await world.providerTokens.save('gnt_1', held({ expiresAt: world.clock.now() + 59 }))
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => call(world, '/ath/proxy/oa/x')),
    )
    for (const answer of answers) assert.equal(answer.json()['authorization'], 'Bearer up-2')
    assert.equal(refreshes, 1)
    assert.equal((await world.providerTokens.find('gnt_1'))?.refreshToken, 'refresh-2')
    const record = world.events.find((event) => event.event === 'upstream_token_refreshed')
    assert.equal(record?.grant_id, 'gnt_1')
    assert.ok(!JSON.stringify(world.events).includes('refresh-'))
  })

  test('is used to its end while the provider cannot be reached', async (t) => {
    const world = await openOther(t, {
      auth,
      upstream: echo,
      refresh: async () =>
        fail({ reason: 'upstream_oauth', step: 'refresh', error: 'unreachable' }),
    })
    await world.providerTokens.save('gnt_1', held({ expiresAt: world.clock.now() + 30 }))
    assert.equal((await call(world, '/ath/proxy/oa/x')).json()['authorization'], 'Bearer up-1')
    world.clock.advance(30)
    const after = await call(world, '/ath/proxy/oa/x')
    assert.equal(after.status, 502)
    assert.deepEqual(after.json()['details'], { reason: 'upstream_credential' })
    assert.deepEqual(world.ended, [])
  })

  test('that the provider will not renew ends the grant: the user has to be asked again', async (t) => {
    const world = await openOther(t, {
      auth,
      upstream: echo,
      refresh: async () =>
        fail({ reason: 'upstream_oauth', step: 'refresh', error: 'invalid_grant' }),
    })
    await world.providerTokens.save('gnt_1', held({ expiresAt: world.clock.now() + 30 }))
    assert.equal((await call(world, '/ath/proxy/oa/x')).status, 502)
    assert.deepEqual(world.ended, ['gnt_1'])
    assert.equal((await call(world, '/ath/proxy/oa/x')).json()['code'], 'TOKEN_REVOKED')
  })

  test('that is not there, or ran out and cannot be renewed, is 502 and never an unauthenticated call', async (t) => {
    let asked = 0
    const world = await openOther(t, {
      auth,
      upstream: (_, response) => {
        asked++
        response.end()
      },
    })
    assert.equal((await call(world, '/ath/proxy/oa/x')).status, 502)
    const { refreshToken: _, ...unrenewable } = held({ expiresAt: world.clock.now() - 1 })
    await world.providerTokens.save('gnt_1', unrenewable)
    assert.equal((await call(world, '/ath/proxy/oa/x')).status, 502)
    assert.equal(asked, 0)
  })
})

describe('an identity header', () => {
  const auth: ProviderAuth = {
    kind: 'identity_header',
    userHeader: 'X-Remote-Id',
    agentHeader: 'X-Agent',
    scopesHeader: 'X-Scopes',
    assertionHeader: 'X-Identity-Assertion',
    audience: 'https://hr.example',
  }
  const person = {
    id: 'usr_1',
    issuer: 'https://idp.example',
    subject: 'wei\r\nX-Admin: 1 李',
    email: 'li@corp.example',
  }

  test('tells the upstream who the user and the agent are, signed and plain, and cannot be forged or broken out of', async (t) => {
    const signer = await testSigner()
    const world = await openOther(t, { auth, upstream: echo, person, signer })
    const got = (
      await call(world, '/ath/proxy/oa/x', {
        headers: {
          ...world.good,
          'x-remote-id': 'root',
          x_remote_id: 'root',
          'X-Identity-Assertion': 'forged',
        },
      })
    ).json()
    assert.equal(got['x-remote-id'], 'wei%0D%0AX-Admin:%201%20%E6%9D%8E')
    assert.equal(got['x-admin'], undefined)
    assert.equal(got['x_remote_id'], undefined)
    assert.equal(got['x-agent'], agentId)
    assert.equal(got['x-scopes'], 'oa:all')
    const [head, claims, signature] = String(got['x-identity-assertion']).split('.') as [
      string,
      string,
      string,
    ]
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    assert.deepEqual(read(head), { alg: 'ES256', typ: 'JWT', kid: 'k1' })
    const { iat, exp, jti, ...rest } = read(claims)
    assert.deepEqual(rest, {
      iss: 'https://gateway.example',
      aud: 'https://hr.example',
      sub: person.subject,
      sub_iss: person.issuer,
      email: person.email,
      act: { sub: agentId },
      scope: 'oa:all',
    })
    assert.equal(typeof jti, 'string')
    assert.ok(exp - iat <= 60)
    assert.ok(
      await crypto.subtle.verify(
        { name: 'ECDSA', hash: 'SHA-256' },
        signer.publicKey,
        Buffer.from(signature, 'base64url'),
        Buffer.from(`${head}.${claims}`),
      ),
    )
  })

  test('is made once for many calls, and again before it is a minute old', async (t) => {
    const signer = await testSigner()
    let signatures = 0
    const counting = {
      ...signer,
      sign: (input: Uint8Array) => {
        signatures++
        return signer.sign(input)
      },
    }
    const world = await openOther(t, { auth, upstream: echo, signer: counting })
    for (let i = 0; i < 3; i++) await call(world, '/ath/proxy/oa/x')
    assert.equal(signatures, 1)
    world.clock.advance(41)
    await call(world, '/ath/proxy/oa/x')
    assert.equal(signatures, 2)
  })
})

describe('a log-in with cookies', () => {
  const auth: ProviderAuth = {
    kind: 'cookie',
    login: {
      method: 'POST',
      path: '/login',
      encoding: 'form',
      fields: { user: 'gate', pass: 'p&w' },
    },
    expiredWhen: { status: [401], redirectTo: '/login.html' },
  }

  /** A legacy system: sessions in memory, a redirect to the log-in page without one. */
  function legacy() {
    const state = {
      logins: 0,
      session: '',
      accept: true,
      bodies: [] as string[],
      seen: [] as string[],
    }
    const answer = (
      request: http.IncomingMessage,
      response: http.ServerResponse,
      body: string,
    ): void => {
      if (request.url === '/login') {
        state.logins++
        if (!state.accept || body !== 'user=gate&pass=p%26w')
          return void response.writeHead(401).end()
        state.session = `s${state.logins}`
        response.writeHead(302, {
          location: '/home',
          'set-cookie': [
            `SID=${state.session}; HttpOnly; Path=/`,
            'deep=1; Path=/deep',
            'other=1; Domain=evil.example',
            'gone=1; Max-Age=0',
          ],
        })
        return void response.end()
      }
      state.seen.push(String(request.headers.cookie))
      if (!String(request.headers.cookie).includes(`SID=${state.session}`) || state.session === '')
        return void response
          .writeHead(302, { location: '/login.html', 'set-cookie': 'x=1' })
          .end('log in')
      if (request.url === '/forbidden') return void response.writeHead(401).end('not yours')
      state.bodies.push(body)
      response.writeHead(200, { 'set-cookie': 'roll=2; Path=/' }).end(`hello ${body}`)
    }
    const handler: http.RequestListener = (request, response) => {
      void bodyOf(request).then((body) => answer(request, response, body.toString()))
    }
    return { state, handler }
  }

  test('is made by the gateway, kept for later calls, and its cookies never reach the agent', async (t) => {
    const { state, handler } = legacy()
    const world = await openOther(t, { auth, upstream: handler })
    const [first] = await Promise.all([1, 2, 3].map(() => call(world, '/ath/proxy/oa/x')))
    assert.equal(first?.status, 200)
    assert.equal(first?.headers['set-cookie'], undefined)
    assert.equal(state.logins, 1)
    await call(world, '/ath/proxy/oa/deep/y', { headers: { ...world.good, cookie: 'SID=agent' } })
    assert.equal(state.seen.at(-1), 'deep=1; SID=s1; roll=2')
    assert.equal(state.seen[0], 'SID=s1')
  })

  test('is made again, once for all, when the session is over, and the calls are asked again with their bodies', async (t) => {
    const { state, handler } = legacy()
    const world = await openOther(t, { auth, upstream: handler })
    await call(world, '/ath/proxy/oa/x')
    state.session = 'restarted'
    world.clock.advance(60)
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((body) => call(world, '/ath/proxy/oa/x', { method: 'POST', body })),
    )
    assert.deepEqual(answers.map((answer) => answer.body.toString()).sort(), [
      'hello a',
      'hello b',
      'hello c',
    ])
    assert.equal(state.logins, 2)
  })

  test('for a streamed body the caller is asked to send again, and finds the new session', async (t) => {
    const { state, handler } = legacy()
    const world = await openOther(t, { auth, upstream: handler })
    await call(world, '/ath/proxy/oa/x')
    state.session = 'restarted'
    world.clock.advance(60)
    const stream = () =>
      call(world, '/ath/proxy/oa/x', {
        method: 'PUT',
        body: 'streamed',
        headers: { ...world.good, 'transfer-encoding': 'chunked' },
      })
    const first = await stream()
    assert.equal(first.status, 502)
    assert.equal(first.json()['retryable'], true)
    assert.equal((await stream()).body.toString(), 'hello streamed')
    assert.equal(state.logins, 2)
  })

  test('an answer that a fresh log-in does not change is the upstream’s own', async (t) => {
    const { state, handler } = legacy()
    const world = await openOther(t, { auth, upstream: handler })
    await call(world, '/ath/proxy/oa/x')
    world.clock.advance(60)
    for (let i = 0; i < 3; i++) {
      const answer = await call(world, '/ath/proxy/oa/forbidden')
      assert.equal(answer.status, 401)
      assert.equal(answer.body.toString(), 'not yours')
    }
    assert.equal(state.logins, 2)
  })

  test('that the upstream refuses is 502, and is not tried again at once: accounts get locked', async (t) => {
    const { state, handler } = legacy()
    state.accept = false
    const world = await openOther(t, { auth, upstream: handler })
    for (let i = 0; i < 3; i++) assert.equal((await call(world, '/ath/proxy/oa/x')).status, 502)
    assert.equal(state.logins, 1)
    assert.equal(state.seen.length, 0)
    state.accept = true
    world.clock.advance(31)
    assert.equal((await call(world, '/ath/proxy/oa/x')).status, 200)
  })
})
