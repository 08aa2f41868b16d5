import assert from 'node:assert/strict'
import type http from 'node:http'
import { test, type TestContext } from 'node:test'
import type { ProviderAuth } from '../../src/config/config.ts'
import { bodyOf, call, openOther, raw, type World } from '../wire/world.ts'

const identity: ProviderAuth = {
  kind: 'identity_header',
  userHeader: 'X-Auth-User',
  agentHeader: 'X-Auth-Agent',
  scopesHeader: '',
  assertionHeader: 'X-Auth-Assertion',
  audience: 'oa',
}

interface Received {
  readonly headers: readonly string[]
  readonly trailers: readonly string[]
}

/** A world whose upstream tells what came, and what came. */
async function openWatched(t: TestContext): Promise<{ world: World; received: Received[] }> {
  const received: Received[] = []
  const world = await openOther(t, {
    auth: identity,
    async upstream(request, response) {
      await bodyOf(request)
      received.push({ headers: names(request.rawHeaders), trailers: names(request.rawTrailers) })
      response.end('ok')
    },
  })
  return { world, received }
}

const names = (raw: readonly string[]) =>
  raw.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())

test('a header that the gateway sets cannot come from the agent, whatever sign stands for its dashes', async (t) => {
  const { world, received } = await openWatched(t)
  // CGI and what grew from it turn every sign of a name into an underscore: these are all HTTP_X_AUTH_USER there.
  const forged = Array.from("_.!#$%&'*+^`|~").map((sign) => `x${sign}auth${sign}user`)
  await call(world, '/ath/proxy/oa/x', {
    headers: { ...world.good, ...Object.fromEntries(forged.map((name) => [name, 'admin'])) },
  })
  const arrived = received[0]?.headers ?? assert.fail('nothing arrived')
  assert.deepEqual(
    arrived.filter((name) => name.replace(/[^a-z0-9]/g, '-') === 'x-auth-user'),
    ['x-auth-user'],
  )
})

test('a header that the gateway sets cannot come as a trailer', async (t) => {
  const { world, received } = await openWatched(t)
  const answer = await raw(
    world,
    `POST /ath/proxy/oa/x HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer ${world.token}\r\n` +
      `x-ath-agent-id: ${world.good['x-ath-agent-id']}\r\ntrailer: x-checksum, x-auth-user\r\n` +
      'transfer-encoding: chunked\r\nconnection: close\r\n\r\n' +
      '1\r\na\r\n0\r\nx-checksum: 1\r\nx-auth-user: admin\r\nx_auth_assertion: forged\r\n\r\n',
  )
  assert.match(answer, /^HTTP\/1\.1 200 /)
  assert.deepEqual(received[0]?.trailers, ['x-checksum'])
})

test('[R95] [R98] a header that names another path, host or caller stays here', async (t) => {
  const { world, received } = await openWatched(t)
  const strays = {
    destination: '/admin/all',
    'x-host': 'admin.internal',
    'x-http-host-override': 'admin.internal',
    'x-http-destinationurl': 'http://oa/admin',
    'client-ip': '127.0.0.1',
    'x-originating-ip': '127.0.0.1',
  }
  await call(world, '/ath/proxy/oa/x', { headers: { ...world.good, ...strays } })
  const arrived = received[0]?.headers ?? assert.fail('nothing arrived')
  assert.deepEqual(
    Object.keys(strays).filter((name) => arrived.includes(name)),
    [],
  )
})

test('naming the gateway’s own header in Connection does not take it away', async (t) => {
  const { world, received } = await openWatched(t)
  await call(world, '/ath/proxy/oa/x', {
    headers: { ...world.good, connection: 'x-auth-user, x-auth-assertion, via' },
  })
  const arrived = received[0]?.headers ?? assert.fail('nothing arrived')
  for (const name of ['x-auth-user', 'x-auth-assertion', 'via'])
    assert.equal(arrived.filter((other) => other === name).length, 1, name)
})

const loginForm: ProviderAuth = {
  kind: 'cookie',
  login: { method: 'POST', path: '/login', encoding: 'form', fields: { user: 'gw', pw: 's3cret' } },
  expiredWhen: { status: [401], redirectTo: '/login' },
}

/** A legacy system with accounts: whoever logs in is who the session is. */
function accounts(): { readonly handler: http.RequestListener; readonly seen: string[] } {
  const seen: string[] = []
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const body = (await bodyOf(request)).toString()
    if (/^\/login\/?$/i.test(request.url ?? '')) {
      const user = new URLSearchParams(body).get('user')
      response.writeHead(200, { 'set-cookie': `session=${user}; Path=/` })
      response.end()
      return
    }
    const user = /session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
    seen.push(`${user}`)
    response.writeHead(user === undefined ? 401 : 200)
    response.end()
  }
  return { seen, handler: (request, response) => void answer(request, response) }
}

test('an agent cannot log the gateway’s shared session in as somebody else', async (t) => {
  const { handler, seen } = accounts()
  const world = await openOther(t, { auth: loginForm, upstream: handler })
  assert.equal((await call(world, '/ath/proxy/oa/mail')).status, 200)
  for (const path of ['/login', '/Login', '/login/', '/%6cogin']) {
    const answer = await call(world, `/ath/proxy/oa${path}`, {
      method: 'POST',
      headers: { ...world.good, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'user=mallory&pw=x',
    })
    assert.equal(answer.status, 403, path)
    assert.equal(answer.json()['code'], 'SCOPE_NOT_APPROVED')
  }
  assert.equal((await call(world, '/ath/proxy/oa/mail')).status, 200)
  assert.deepEqual(seen, ['gw', 'gw'])
})

test('an answer made for one caller is kept by no cache that others share', async (t) => {
  const said: Record<string, string | string[]> = {
    '/public': 'public, max-age=600',
    '/shared': 'max-age=1, S-MaxAge=600',
    '/two': ['max-age=5', 'public'],
    '/private': 'private, max-age=5',
    '/never': 'no-store',
  }
  const world = await openOther(t, {
    upstream(request, response) {
      const control = said[request.url ?? '']
      if (control !== undefined) response.setHeader('cache-control', control)
      for (const name of ['cdn-cache-control', 'surrogate-control', 'x-accel-expires'])
        response.setHeader(name, 'max-age=600')
      response.end('for you')
    },
  })
  for (const path of Object.keys(said)) {
    const { headers } = await call(world, `/ath/proxy/oa${path}`)
    assert.match(String(headers['cache-control']), /\b(private|no-store)\b/, path)
    for (const name of ['cdn-cache-control', 'surrogate-control', 'x-accel-expires'])
      assert.equal(headers[name], undefined)
  }
  const unchanged = await call(world, '/ath/proxy/oa/private')
  assert.equal(unchanged.headers['cache-control'], 'private, max-age=5')
  const silent = await call(world, '/ath/proxy/oa/silent')
  assert.equal(silent.headers['cache-control'], undefined)
})

test('an upgrade is not taken up, and what is sent after it reaches nobody', async (t) => {
  const seen: string[] = []
  const world = await openOther(t, {
    upstream(request, response) {
      seen.push(`${request.url} ${request.headers.upgrade} ${request.headers.connection}`)
      response.end('over')
    },
  })
  const text = await raw(
    world,
    `GET /ath/proxy/oa/ws HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer ${world.token}\r\n` +
      `x-ath-agent-id: ${world.good['x-ath-agent-id']}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n` +
      'GET /admin HTTP/1.1\r\nhost: gw\r\n\r\n',
    'over',
  )
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.deepEqual(seen, ['/ws undefined keep-alive'])
})

test('a query of any bytes is an answer, not a fault of the gateway', async (t) => {
  const world = await openOther(t)
  for (const query of ['?\u00ff\u0080', '?a=%00%zz', '?a=b?c#', '?a|b{c}"<>^`'])
    await raw(
      world,
      Buffer.from(
        `GET /ath/proxy/oa/x${query} HTTP/1.1\r\nhost: gw\r\nauthorization: Bearer ${world.token}\r\n` +
          `x-ath-agent-id: ${world.good['x-ath-agent-id']}\r\nconnection: close\r\n\r\n`,
        'latin1',
      ),
    ).then((text) => assert.match(text, /^HTTP\/1\.1 (200|400) /, query))
  assert.ok(!world.events.some(({ denial_reason }) => denial_reason === 'bug'))
})
