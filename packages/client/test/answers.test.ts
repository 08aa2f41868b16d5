import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import {
  AthError,
  createAthClient,
  describeService,
  discoverGateway,
  discoverService,
} from '@ath-protocol/client'
import { createTestCertificate, type RawAnswer } from '@sallyport/testing'
import { developer, oa, setUp } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected && error.fix !== ''

const raw =
  (status: number, body: string, headers: Record<string, string> = {}): RawAnswer =>
  (_request, response) =>
    response.writeHead(status, headers).end(body)

for (const [what, answer, expected] of [
  ['an HTML page', raw(200, '<h1>hi</h1>', { 'content-type': 'text/html' }), 'ANSWER_INVALID'],
  ['an empty 200', raw(200, ''), 'ANSWER_INVALID'],
  ['JSON of another shape', raw(200, '{"hello":1}'), 'ANSWER_INVALID'],
  ['a JSON list', raw(400, '[1]'), 'ANSWER_INVALID'],
  ['a 404 page', raw(404, 'not found'), 'ANSWER_INVALID'],
  ['a body beyond any protocol answer', raw(200, 'x'.repeat(1_100_000)), 'ANSWER_INVALID'],
  ['a redirect', raw(302, '', { location: 'https://evil.example/' }), 'REDIRECT_REFUSED'],
  ['a code of its own', raw(418, '{"code":"TEAPOT","message":"short"}'), 'TEAPOT'],
] as const)
  test(`a gateway that answers with ${what} gives a typed error`, async (t) => {
    const { gateway, client } = await setUp(t)
    gateway.next('register', answer)
    await assert.rejects(client().register({ providers: oa, developer }), code(expected))
  })

test('an authorization URL that is not safe to open is refused', async (t) => {
  for (const url of ['javascript:alert(1)', 'http://far.example/x', 'file:///etc/passwd']) {
    const { gateway, client } = await setUp(t)
    const athClient = client()
    await athClient.register({ providers: oa, developer })
    const body = JSON.stringify({ authorization_url: url, ath_session_id: 's' })
    gateway.next('authorize', raw(200, body, { 'content-type': 'application/json' }))
    await assert.rejects(
      athClient.authorize({ provider: 'oa', scopes: ['oa:read'] }),
      (error) => code('INSECURE_URL')(error) || code('ANSWER_INVALID')(error),
      url,
    )
  }
})

test('a gateway that never answers, or stops in the middle of its answer, fails as TIMEOUT', async (t) => {
  const { gateway, client } = await setUp(t)
  const athClient = client({ timeoutSeconds: 0.2 })
  gateway.next('discover', () => undefined)
  await assert.rejects(athClient.discover(), code('TIMEOUT'))
  gateway.next('discover', (_request, response) => response.write('{"ath_version":'))
  await assert.rejects(athClient.discover(), code('TIMEOUT'))
  gateway.next('discover', () => undefined)
  const stop = new AbortController()
  const waiting = athClient.discover({ signal: stop.signal })
  stop.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
})

test('a gateway that is not there is a NETWORK_ERROR that names it and the cause', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  const { privateKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign', 'verify'],
  )
  const client = createAthClient({
    gateway: `http://127.0.0.1:${port}`,
    agentId: 'https://agent.example/.well-known/agent.json',
    key: { privateKey, keyId: 'k' },
  })
  const error = await client.discover().catch((e: AthError) => e)
  assert.ok(error instanceof AthError)
  assert.equal(error.code, 'NETWORK_ERROR')
  assert.equal(error.details['reason'], 'ECONNREFUSED')
  assert.equal(error.retryable, true)
})

test('only what is safe to repeat is repeated: discovery once, a registration never', async (t) => {
  const { gateway, client } = await setUp(t)
  const athClient = client()
  gateway.next('discover', (_request, response) => response.destroy())
  await athClient.discover()
  assert.equal(gateway.seen.length, 2)
  gateway.next('register', (_request, response) => response.destroy())
  await assert.rejects(athClient.register({ providers: oa, developer }), code('NETWORK_ERROR'))
  assert.equal(gateway.seen.filter(({ step }) => step === 'register').length, 1)
})

test('[R114] only https, or http on this machine, is spoken', async () => {
  const { privateKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-256' },
    false,
    ['sign', 'verify'],
  )
  const make = (gateway: string, agentId = 'https://agent.example/.well-known/agent.json') =>
    createAthClient({ gateway, agentId, key: { privateKey, keyId: 'k' } })
  for (const bad of ['http://gw.example', 'http://127.0.0.1.evil.example', 'ftp://gw.example'])
    assert.throws(() => make(bad), code('INSECURE_URL'), bad)
  for (const bad of ['gw.example', 'https://u:p@gw.example', 'https://gw.example/?x', ''])
    assert.throws(() => make(bad), code('ARGUMENT_INVALID'), bad)
  for (const good of [
    'https://gw.example',
    'http://localhost:1',
    'http://[::1]:1',
    'http://127.0.0.1',
  ])
    assert.equal(make(good).gateway, good)
  assert.throws(
    () => make('https://gw.example', 'https://agent.example/'),
    code('ARGUMENT_INVALID'),
  )
  assert.throws(
    () => make('https://gw.example', 'http://agent.example/.well-known/agent.json'),
    code('ARGUMENT_INVALID'),
  )
})

test('[R3] [R14] the three ways of discovery exist: gateway, service, and by hand', async (t) => {
  const { gateway, client } = await setUp(t)
  const discovery = await client().discover()
  assert.deepEqual(
    discovery.supported_providers.map(({ provider_id }) => provider_id),
    ['oa'],
  )
  const document = {
    ath_version: '0.1',
    app_id: 'shop',
    name: 'Shop',
    auth: {
      type: 'oauth2',
      authorization_endpoint: 'https://shop.example/authorize',
      token_endpoint: 'https://shop.example/token',
      scopes_supported: ['read'],
    },
    api_base: 'https://shop.example/api',
  }
  const service = createServer((request, response) => {
    response.statusCode = request.url === '/.well-known/ath-app.json' ? 200 : 404
    response.end(JSON.stringify(document))
  }).listen(0, '127.0.0.1')
  t.after(() => service.close())
  await once(service, 'listening')
  const { port } = service.address() as { port: number }
  const found = await discoverService(`http://127.0.0.1:${port}`)
  assert.equal(found.app_id, 'shop')
  const byHand = describeService({
    provider: 'shop',
    api_base: 'https://shop.example/api',
    oauth: {
      authorization_url: 'https://shop.example/authorize',
      token_url: 'https://shop.example/token',
    },
    scopes: ['read'],
  })
  assert.deepEqual(byHand.auth, found.auth)
  assert.throws(
    () =>
      describeService({
        provider: 'shop',
        api_base: 'http://shop.example/api',
        oauth: { authorization_url: 'https://shop.example/a', token_url: 'https://shop.example/t' },
      }),
    code('INSECURE_URL'),
  )
  const offline = client({ discovery })
  const before = gateway.seen.length
  assert.equal(await offline.discover(), discovery)
  assert.equal(gateway.seen.length, before)
})

test('a certificate of a CA that is not known here is told apart from a gateway that is down', async (t) => {
  const server = createTlsServer(createTestCertificate(['localhost']), (_request, response) => {
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  await assert.rejects(discoverGateway(`https://localhost:${port}`), (error) => {
    assert.ok(code('NETWORK_ERROR')(error))
    assert.match((error as AthError).fix, /NODE_EXTRA_CA_CERTS/)
    return true
  })
})
