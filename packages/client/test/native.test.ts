import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type AgentOptions,
  AthError,
  type AthPlace,
  connect,
  createAthClient,
  describeService,
} from '@ath-protocol/client'
import { developer, setUp, setUpShop, setUpShopSession, shop } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

test('[R12] [C27] one call gets an agent into a service that speaks ATH itself, by whatever name it is asked', async (t) => {
  for (const scopes of [shop.scopes, { shop: shop.scopes }, { [shop.appId]: shop.scopes }]) {
    const { shop: service, agent, key } = await setUpShop(t)
    service.upstream = (request, response) => response.end(`${request.method} ${request.url}`)
    const connected = await connect({
      service: service.url,
      agent: { id: agent.agentId, key, developer },
      scopes,
      pollSeconds: 0.01,
      onConsent: (asked) => {
        service.userAnswer = asked.scopes
      },
    })
    const [session] = connected.sessions
    assert.equal(session?.providerId, shop.appId)
    assert.equal(connected.session('shop'), session)
    assert.equal(connected.session(), session)
    assert.equal(await (await connected.fetch('/products?q=tea')).text(), 'GET /products?q=tea')
    const proxied = await connected.fetch('/ath/proxy/default/products')
    assert.equal(await proxied.text(), 'GET /products')
    const sent = service.seen.findLast(({ step }) => step === 'direct')
    assert.equal(sent?.url, '/api/products?q=tea')
    assert.equal(sent?.headers['x-ath-agent-id'], agent.agentId)
    assert.match(sent?.headers.authorization ?? '', /^Bearer ath_tk_/)
    await connected.revoke()
    assert.equal((await connected.fetch('/products')).status, 401)
    assert.deepEqual(service.faults, [])
  }
})

test('[R37] [C27] each step names the service as its audience, and an alias is answered with the app_id', async (t) => {
  const { shop: service, client } = await setUpShop(t, { grantLifetimeSeconds: 600 })
  const athClient = client()
  assert.equal(athClient.native, true)
  assert.equal((await athClient.discover()).app_id, shop.appId)
  await athClient.register({
    providers: [{ provider_id: 'shop', scopes: shop.scopes }],
    developer,
  })
  assert.equal((await athClient.status()).agent_status, 'approved')
  const handshake = await athClient.authorize({ provider: 'default', scopes: ['products:read'] })
  service.userAnswer = ['products:read']
  const session = await athClient.waitForConsent(handshake, { pollSeconds: 0.01 })
  assert.equal(session.providerId, shop.appId)
  const first = session.accessToken
  await session.renew()
  assert.notEqual(session.accessToken, first)
  assert.equal(session.providerId, shop.appId)
  await session.revoke()
  const audiences = service.seen.flatMap(({ step, audience }) =>
    audience ? [[step, audience]] : [],
  )
  assert.deepEqual(audiences, [
    ['register', service.url],
    ['authorize', service.url],
    ['token', `${service.url}/ath/token`],
    ['renew', `${service.url}/ath/token/renew`],
  ])
  assert.deepEqual(service.faults, [])
})

test('an agent asks no user for what the service has refused it, under any name of the service', async (t) => {
  const { shop: service, client } = await setUpShop(t)
  service.approvals = {
    [shop.appId]: { approved: ['products:read'], denied: ['orders:write'], reason: 'not yet' },
  }
  const athClient = client()
  await athClient.register({ scopes: shop.scopes, developer })
  await assert.rejects(
    athClient.authorize({ provider: 'shop', scopes: ['orders:write'] }),
    code('SCOPE_NOT_APPROVED'),
  )
  assert.equal(service.seen.filter(({ step }) => step === 'authorize').length, 0)
})

test('the token goes to the api_base and to the proxy path of the service, and nowhere else', async (t) => {
  const { shop: service, session } = await setUpShopSession(t)
  service.upstream = (request, response) => response.end(request.url)
  const { url } = service
  const reached = async (input: string | URL) => (await session.fetch(input)).text()
  assert.equal(await reached('/products'), '/products')
  assert.equal(await reached('products'), '/products')
  assert.equal(await reached(`${url}/api/products?a=1`), '/products?a=1')
  assert.equal(await reached(new URL(`${url}/api`)), '/')
  assert.equal(await reached(`${url}/ath/proxy/shop/products`), '/products')
  assert.equal(await reached('//evil.example/x'), '//evil.example/x')
  const calls = service.seen.length
  for (const input of [
    'https://evil.example/api/products',
    `${url}/admin`,
    `${url}/apiary`,
    '../admin',
    '/../../admin',
    `${url}/api/../admin`,
    `${url}/ath/proxy/../token`,
    '/ath/proxy/../token',
    url.replace('http://', 'http://user:pw@').concat('/api/x'),
    new URL(url),
  ])
    await assert.rejects(session.fetch(input), code('ORIGIN_REFUSED'), String(input))
  assert.equal(service.seen.length, calls)
  assert.deepEqual(service.faults, [])
})

test('a description that was fetched cannot send the token to another origin; one given by hand can', async (t) => {
  const elsewhere = await setUpShop(t)
  const {
    shop: service,
    session,
    client,
    athClient,
  } = await setUpShopSession(
    t,
    {},
    { native: { appId: shop.appId, apiBase: `${elsewhere.shop.url}/api` } },
  )
  await assert.rejects(session.fetch('/products'), code('ORIGIN_REFUSED'))
  assert.equal(elsewhere.shop.seen.length, 0)
  const { credentials } = athClient
  const own = client({
    discovery: await athClient.discover(),
    ...(credentials ? { credentials } : {}),
  })
  // The other service does not know the token, and says so: it was sent there.
  assert.equal((await own.resume(session).fetch('/products')).status, 401)
  assert.equal(elsewhere.shop.seen.length, 1)
  assert.equal(service.seen.filter(({ step }) => step === 'direct').length, 0)
})

test('[R14] a service that publishes nothing is described by hand, and nothing is fetched', async (t) => {
  const { shop: service, client } = await setUpShop(t)
  const { url } = service
  const athClient = client({
    discovery: describeService({
      provider: 'shop',
      api_base: `${url}/api/`,
      oauth: { authorization_url: `${url}/oauth/authorize`, token_url: `${url}/oauth/token` },
    }),
  })
  await athClient.register({ scopes: shop.scopes, developer })
  service.userAnswer = ['products:read']
  const session = await athClient.token(await athClient.authorize({ scopes: ['products:read'] }))
  assert.equal(session.providerId, shop.appId)
  assert.equal(await (await session.fetch('/products')).text(), 'upstream')
  assert.equal(service.seen.filter(({ step }) => step === 'discover').length, 0)
  assert.deepEqual(service.faults, [])
})

test('a session that was kept finds its service again', async (t) => {
  const { shop: service, client, session } = await setUpShopSession(t)
  const { accessToken } = session
  const resumed = client().resume({ ...JSON.parse(JSON.stringify(session)), accessToken })
  assert.equal(await (await resumed.fetch('/products')).text(), 'upstream')
  assert.deepEqual(service.faults, [])
})

test('exactly one of gateway and service is taken, by the compiler and at run time', async () => {
  const both = { gateway: 'https://g.example', service: 'https://s.example' }
  // @ts-expect-error -- a client is at one place
  assert.throws(() => createAthClient({ ...both, agentId: '', key: {} as never }), AthError)
  // @ts-expect-error -- and not at none
  assert.throws(() => createAthClient({ agentId: '', key: {} as never }), AthError)
  const agent = { agentId: 'https://a.example/.well-known/agent.json' } as AgentOptions
  for (const place of [{}, { gateway: 'https://g.example', service: 'https://s.example' }])
    assert.throws(
      () => createAthClient({ ...agent, ...(place as AthPlace) }),
      code('ARGUMENT_INVALID'),
    )
  assert.throws(
    () => createAthClient({ ...agent, service: 'http://shop.example' }),
    /the service must be https/,
  )
})

test('scopes alone are enough to register at a gateway, too; a provider is named where there are several', async (t) => {
  const { gateway, client } = await setUp(t, { offers: { oa: ['oa:read'], crm: ['crm:read'] } })
  const athClient = client()
  await athClient.register({ scopes: ['crm:read', 'oa:read'], developer })
  assert.deepEqual(gateway.seen.at(-1)?.body['requested_providers'], [
    { provider_id: 'crm', scopes: ['crm:read'] },
    { provider_id: 'oa', scopes: ['oa:read'] },
  ])
  await assert.rejects(athClient.authorize({ scopes: ['oa:read'] }), /say which provider/)
  await assert.rejects(athClient.register({ developer }), code('ARGUMENT_INVALID'))
})

test('api gives JSON parsed, text as text and nothing as nothing, and throws what is refused', async (t) => {
  const { shop: service, session } = await setUpShopSession(t)
  service.upstream = (request, response) => {
    const json = (text: string, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    switch (request.url) {
      case '/echo': {
        response.setHeader('content-type', request.headers['content-type'] ?? '')
        return request.pipe(response)
      }
      case '/text':
        return response.end('tea')
      case '/none':
        return response.writeHead(204).end()
      case '/broken':
        return json('{')
      case '/null':
        return json('null')
      default:
        return json('{"error":"sold_out"}', 409)
    }
  }
  const order = { product: 'tea', count: 2 }
  assert.deepEqual(await session.api<typeof order>('POST', '/echo', order), order)
  assert.equal(service.seen.at(-1)?.headers['content-type'], 'application/json')
  assert.deepEqual(await session.api('PUT', '/echo', null), null)
  assert.equal(await session.api('GET', '/text'), 'tea')
  assert.equal(await session.api('DELETE', '/none'), undefined)
  assert.equal(await session.api('GET', '/null'), null)
  await assert.rejects(session.api('GET', '/broken'), code('ANSWER_INVALID'))
  await assert.rejects(session.api('GET', '/text', { q: 1 }), code('ARGUMENT_INVALID'))
  await assert.rejects(session.api('POST', '/sold'), (error) => {
    assert.ok(error instanceof AthError)
    assert.deepEqual([error.code, error.status], ['HTTP_ERROR', 409])
    return true
  })
  await session.revoke()
  await assert.rejects(session.api('GET', '/text'), code('TOKEN_REVOKED'))
})
