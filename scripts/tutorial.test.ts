import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import {
  createATHHandlers,
  createDevIdp,
  createProxyHandler,
  createServiceDiscoveryDocument,
  InMemoryAgentRegistry,
  InMemoryProviderTokenStore,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '@ath-protocol/server'
import { systemClock, systemRandom } from '@ath-protocol/server/parts'
import { createVisitor } from '@sallyport/testing'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { inRoot } from './workspace.ts'

/**
 * The tutorial "Add ATH to your app", step by step, as its reader does it: the app in Express, the handlers wired by
 * hand, the OAuth server in the same app, and athx as the agent. The path of the proxy's route is spelt as each major
 * version of Express wants it.
 */
for (const [version, framework, everything] of [
  ['4', createRequire(import.meta.url)('express4') as typeof express, '*'],
  ['5', express, '*rest'],
] as const) {
  let server: Server
  let url: string
  let home: string
  const seen: string[] = []

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'ath-tutorial-'))
    const app = framework()
    server = app.listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    build(app, framework, url, everything, seen)
  })
  after(async () => {
    server.close()
    server.closeAllConnections()
    await rm(home, { recursive: true, force: true })
  })

  test(`[R128] the tutorial, followed on Express ${version}, ends with a registered agent, a consent and a proxied call`, async () => {
    const athx = async (...args: readonly string[]) => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [
          '--conditions=sallyport-source',
          inRoot('packages/athx/src/main.ts'),
          ...args,
          '--mode',
          'native',
          '--service',
          url,
          '--json',
        ],
        { env: { ...process.env, HOME: home, ATHX_HOME: join(home, '.athx') }, timeout: 60_000 },
      )
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const agent = ['--agent-id', 'https://test-agent.example/.well-known/agent.json']

    // 1. Can agents discover the app?
    assert.equal((await athx('discover'))['app_id'], 'com.your-company.your-app')
    // 2. Can an agent register?
    const registration = await athx(
      'register',
      ...agent,
      '--provider',
      'your-app',
      '--scopes',
      'products:read,cart:write',
    )
    assert.equal(registration['agent_status'], 'approved')
    // 3. Can an agent start the consent flow?
    const handshake = await athx(
      'authorize',
      ...agent,
      '--provider',
      'your-app',
      '--scopes',
      'products:read',
    )
    const address = String(handshake['authorization_url'])
    assert.ok(address.startsWith(`${url}/oauth/authorize?`), address)

    const person = createVisitor('nowhere:')
    const page = await person.open(address)
    const end = await person.submit(page, [
      ['person', 'wang'],
      ['decision', 'approve'],
    ])
    assert.equal(end.status, 200, end.html)

    const token = await athx(
      'token',
      ...agent,
      '--code',
      'code',
      '--session',
      String(handshake['ath_session_id']),
    )
    assert.deepEqual(token['effective_scopes'], ['products:read'])

    const bearer = await kept(home)
    const call = (path: string, method = 'GET') =>
      fetch(`${url}/ath/proxy/your-app${path}`, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          'x-ath-agent-id': 'https://test-agent.example/.well-known/agent.json',
        },
      })
    const products = await call('/api/products')
    assert.equal(products.status, 200)
    assert.deepEqual(await products.json(), { products: ['lamp'], for: 'wang' })
    // The app's own log-in saw an OAuth token of its own server, and nothing of the agent's.
    assert.equal(seen.length, 1)
    assert.doesNotMatch(seen[0] ?? '', /ath_tk_/)
    // What the user was not asked for stays closed, and what no scope names as well.
    assert.equal((await call('/api/cart/add', 'POST')).status, 403)
    assert.equal((await call('/api/secrets')).status, 403)
    assert.equal(seen.length, 1)
    const fromAthx = await athx('proxy', ...agent, 'your-app', 'GET', '/api/products')
    assert.deepEqual(fromAthx, { products: ['lamp'], for: 'wang' })
  })
}

async function kept(home: string): Promise<string> {
  const { readdir, readFile } = await import('node:fs/promises')
  const files = await readdir(home, { recursive: true, withFileTypes: true })
  for (const file of files) {
    if (!file.isFile()) continue
    const text = await readFile(join(file.parentPath, file.name), 'utf8')
    const token = /ath_tk_[A-Za-z0-9_-]{43}/.exec(text)?.[0]
    if (token) return token
  }
  throw new Error('athx kept no token')
}

function build(
  app: Express,
  framework: typeof express,
  BASE_URL: string,
  everything: string,
  seen: string[],
): void {
  // The OAuth server of the app, which the tutorial says to have. It knows ATH as one more client.
  const idp = createDevIdp({
    issuer: `${BASE_URL}/oauth`,
    clients: [
      {
        clientId: 'your-oauth-client-id',
        clientSecret: 'your-oauth-client-secret',
        redirectUris: [`${BASE_URL}/ath/callback`],
        name: 'ATH',
      },
    ],
    scopes: ['products:read', 'cart:write', 'orders:write'].map((name) => ({ name })),
    clock: systemClock,
    random: systemRandom,
    production: false,
  })
  app.use(framework.json())
  app.use(
    '/oauth',
    framework.text({ type: 'application/x-www-form-urlencoded' }),
    (req, res, next) => {
      idp
        .handle({
          method: req.method,
          path: req.originalUrl.split('?', 1)[0] as string,
          query: new URLSearchParams(req.originalUrl.split('?')[1] ?? ''),
          headers: req.headers as Record<string, string>,
          body: Buffer.from(typeof req.body === 'string' ? req.body : ''),
          ip: '127.0.0.1',
        })
        .then((answer) => {
          if (!answer) return next()
          res.status(answer.status)
          for (const [name, value] of Object.entries(answer.headers))
            res.setHeader(name, value as string | string[])
          res.end(answer.body)
        }, next)
    },
  )

  // The API as it was before, with its own log-in: it asks the OAuth server about each token.
  const loggedIn = async (req: Request, res: Response, next: NextFunction) => {
    const { authorization = '' } = req.headers
    seen.push(authorization)
    const user = await fetch(`${BASE_URL}/oauth/userinfo`, { headers: { authorization } })
    if (!user.ok) return void res.status(401).json({ error: 'sign in' })
    res.locals['user'] = ((await user.json()) as { sub: string }).sub
    next()
  }
  app.get('/api/products', loggedIn, (_req, res) => {
    res.json({ products: ['lamp'], for: res.locals['user'] as string })
  })
  app.post('/api/cart/add', loggedIn, (_req, res) => void res.json({ added: true }))
  app.get('/api/secrets', loggedIn, (_req, res) => void res.json({ secret: true }))

  // Step 2: discovery.
  app.get('/.well-known/ath-app.json', (_req, res) => {
    res.json(
      createServiceDiscoveryDocument({
        app_id: 'com.your-company.your-app',
        name: 'Your App',
        authorization_endpoint: `${BASE_URL}/oauth/authorize`,
        token_endpoint: `${BASE_URL}/oauth/token`,
        scopes_supported: ['products:read', 'cart:write', 'orders:write'],
        api_base: `${BASE_URL}/api`,
      }),
    )
  })

  // Step 3: the routes.
  const tokenStore = new InMemoryTokenStore()
  const providerTokenStore = new InMemoryProviderTokenStore()
  const handlers = createATHHandlers({
    registry: new InMemoryAgentRegistry(),
    tokenStore,
    sessionStore: new InMemorySessionStore(),
    providerTokenStore,
    config: {
      audience: BASE_URL,
      callbackUrl: `${BASE_URL}/ath/callback`,
      availableScopes: ['products:read', 'cart:write', 'orders:write'],
      appId: 'com.your-company.your-app',
      skipAttestationVerification: true,
      oauth: {
        authorize_endpoint: `${BASE_URL}/oauth/authorize`,
        token_endpoint: `${BASE_URL}/oauth/token`,
        client_id: 'your-oauth-client-id',
        client_secret: 'your-oauth-client-secret',
      },
      audit: () => {},
      log: () => {},
    },
  })
  const proxy = createProxyHandler({
    tokenStore,
    providerTokenStore,
    upstreams: { 'your-app': BASE_URL },
  })
  const router = framework.Router()
  const toATH = (req: Request) => ({
    method: req.method,
    url: `${BASE_URL}/ath${req.originalUrl.replace(/^\/ath/, '')}`,
    headers: req.headers,
    body: req.body as unknown,
    query: req.query,
  })
  router.post('/agents/register', async (req, res) => {
    const result = await handlers.register(toATH(req))
    res.status(result.status).json(result.body)
  })
  router.post('/authorize', async (req, res) => {
    const result = await handlers.authorize(toATH(req))
    res.status(result.status).json(result.body)
  })
  router.get('/callback', async (req, res) => {
    const result = await handlers.callback(toATH(req))
    if (result.status === 302) return res.redirect(result.headers.Location as string)
    return res.status(result.status).json(result.body)
  })
  router.post('/token', async (req, res) => {
    const result = await handlers.token(toATH(req))
    res.status(result.status).json(result.body)
  })
  router.post('/revoke', async (req, res) => {
    const result = await handlers.revoke(toATH(req))
    res.status(result.status).json(result.body)
  })
  router.all(`/proxy/your-app/${everything}`, async (req, res) => {
    const result = await proxy({
      method: req.method,
      path: req.path,
      headers: req.headers,
      query: req.query as Record<string, unknown>,
      body: req.body as unknown,
    })
    res.status(result.status).json(result.body)
  })

  // Step 4: mounted.
  app.use('/ath', router)
}
