import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { connect } from '@ath-protocol/client'
import { createVisitor } from '@sallyport/testing'
import express, { type Request } from 'express'
import { systemClock } from '../../src/adapters/system/clock.ts'
import { systemRandom } from '../../src/adapters/system/random.ts'
import { createDevIdp } from '../../src/dev-idp/dev-idp.ts'
import {
  type AthHandlerRequest,
  type AthHandlerResponse,
  createATHHandlers,
  createProxyHandler,
  createServiceDiscoveryDocument,
  InMemoryAgentRegistry,
  InMemoryProviderTokenStore,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '../../src/index.ts'
import { hashSecret } from '../../src/secret/hash.ts'
import { startAgent } from './agent.ts'

test('[R107] what the app writes to its own stores counts from the next call on, past every handler', async (t) => {
  const app = express()
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tokenStore = new InMemoryTokenStore()
  const providerTokenStore = new InMemoryProviderTokenStore()
  const scopes = ['products:read']
  const oauth = {
    authorize_endpoint: `${url}/oauth/authorize`,
    token_endpoint: `${url}/oauth/token`,
  }
  const handlers = createATHHandlers({
    registry: new InMemoryAgentRegistry(),
    tokenStore,
    sessionStore: new InMemorySessionStore(),
    providerTokenStore,
    config: {
      audience: url,
      callbackUrl: `${url}/ath/callback`,
      appId: 'shop',
      availableScopes: scopes,
      oauth: { ...oauth, client_id: 'ath', client_secret: 'not-a-secret' },
      audit: () => {},
      log: () => {},
    },
  })
  const proxy = createProxyHandler({ tokenStore, providerTokenStore, upstreams: { shop: url } })
  const idp = createDevIdp({
    issuer: `${url}/oauth`,
    clients: [
      {
        clientId: 'ath',
        clientSecret: 'not-a-secret',
        redirectUris: [`${url}/ath/callback`],
        name: 'ATH',
      },
    ],
    scopes: scopes.map((name) => ({ name })),
    clock: systemClock,
    random: systemRandom,
    production: false,
  })
  const route =
    (handle: (request: AthHandlerRequest) => Promise<AthHandlerResponse>) =>
    async (req: Request, res: express.Response) => {
      const { status, headers, body } = await handle({
        method: req.method,
        url: req.originalUrl,
        headers: req.headers,
        body: req.body as unknown,
      })
      res.status(status).set(headers)
      if (typeof body === 'object') res.json(body)
      else res.end(body)
    }
  app.use(express.json(), express.text({ type: 'application/x-www-form-urlencoded' }))
  app.use('/oauth', async (req, res) => {
    const answer = await idp.handle({
      method: req.method,
      path: req.originalUrl.split('?', 1)[0] as string,
      query: new URLSearchParams(req.originalUrl.split('?')[1] ?? ''),
      headers: req.headers as Record<string, string>,
      body: Buffer.from(typeof req.body === 'string' ? req.body : ''),
      ip: '127.0.0.1',
    })
    res.status(answer?.status ?? 404)
    for (const [name, value] of Object.entries(answer?.headers ?? {}))
      res.setHeader(name, value as string)
    res.end(answer?.body)
  })
  app.get('/.well-known/ath-app.json', (_req, res) => {
    const { authorize_endpoint: authorization_endpoint, token_endpoint } = oauth
    const described = { authorization_endpoint, token_endpoint, scopes_supported: scopes }
    res.json(
      createServiceDiscoveryDocument({ ...described, app_id: 'shop', name: 'Shop', api_base: url }),
    )
  })
  app.post('/ath/agents/register', route(handlers.register))
  app.post('/ath/authorize', route(handlers.authorize))
  app.get('/ath/callback', route(handlers.callback))
  app.post('/ath/token', route(handlers.token))
  app.all('/ath/proxy/*rest', route(proxy))
  app.get('/products', (_req, res) => void res.json('lamp'))

  const agent = await startAgent()
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    await agent.close()
  })
  const { sessions } = await connect({
    service: url,
    agent: { id: agent.agentId, key: agent.key, developer: { name: 'Acme', id: 'acme' } },
    scopes,
    onConsent: async ({ authorizationUrl }) => {
      const person = createVisitor('nowhere:')
      const page = await person.open(authorizationUrl)
      await person.submit(page, [
        ['person', 'wang'],
        ['decision', 'approve'],
      ])
    },
    pollSeconds: 0.1,
  })
  const token = sessions[0]?.accessToken ?? ''
  const call = () =>
    fetch(`${url}/ath/proxy/shop/products`, {
      headers: { authorization: `Bearer ${token}`, 'x-ath-agent-id': agent.agentId },
    })
  assert.equal((await call()).status, 200)
  await tokenStore.revoke(hashSecret(token), Date.now() / 1000)
  assert.equal((await call()).status, 401)
})
