import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createDevPerson } from '../src/try/dev-person.ts'
import { createTestApp } from './app.ts'
import { createAthx } from './athx.ts'

/** By a name, so that the laws of this repository do not take the app’s imports for the test’s own. */
const server = '@ath-protocol/server'

/** The app of the tutorial: its own API behind its own OAuth tokens, and ATH wired by hand in front. */
const tutorialApp = {
  'package.json': '{ "name": "your-app", "type": "module" }',
  'server.js': `import { randomUUID } from 'node:crypto'
import express from 'express'
import {
  createATHHandlers,
  createProxyHandler,
  createServiceDiscoveryDocument,
  InMemoryAgentRegistry,
  InMemoryProviderTokenStore,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '${server}'

const url = 'http://localhost:PORT'
const scopes = ['products:read', 'cart:write', 'orders:write']
const app = express()
app.use(express.json())
app.use(express.urlencoded({ extended: false }))

// The OAuth server that the app has already.
const issued = new Map()
app.get('/oauth/authorize', (request, response) => {
  const code = randomUUID()
  issued.set(code, request.query.scope)
  const back = new URL(String(request.query.redirect_uri))
  back.searchParams.set('code', code)
  back.searchParams.set('state', String(request.query.state))
  response.redirect(back.href)
})
app.post('/oauth/token', (request, response) => {
  const scope = issued.get(request.body.code)
  response.json({ access_token: 'the-users-own', token_type: 'Bearer', expires_in: 3600, scope })
})

// The API and the middleware that it has always had.
app.use('/api', (request, response, next) =>
  request.headers.authorization === 'Bearer the-users-own' ? next() : response.sendStatus(401),
)
app.get('/api/products', (_request, response) => response.json([{ id: 1 }]))

const [registry, tokenStore] = [new InMemoryAgentRegistry(), new InMemoryTokenStore()]
const [sessionStore, providerTokenStore] = [new InMemorySessionStore(), new InMemoryProviderTokenStore()]
const handlers = createATHHandlers({
  registry,
  tokenStore,
  sessionStore,
  providerTokenStore,
  config: {
    audience: url,
    callbackUrl: url + '/ath/callback',
    availableScopes: scopes,
    appId: 'your-app',
    skipAttestationVerification: true,
    oauth: {
      authorize_endpoint: url + '/oauth/authorize',
      token_endpoint: url + '/oauth/token',
      client_id: 'ath',
      client_secret: 'a-secret-of-the-test',
    },
  },
})
const proxy = createProxyHandler({ tokenStore, providerTokenStore, upstreams: { 'your-app': url } })
const on = (handler) => async (request, response) => {
  const { method, originalUrl, headers, body, ip } = request
  const answer = await handler({ method, url: originalUrl, headers, body, ip })
  response.status(answer.status).set(answer.headers)
  if (answer.body === undefined) response.end()
  else response.send(answer.body)
}
app.get('/.well-known/ath-app.json', (_request, response) =>
  response.json(
    createServiceDiscoveryDocument({
      app_id: 'your-app',
      name: 'Your App',
      authorization_endpoint: url + '/oauth/authorize',
      token_endpoint: url + '/oauth/token',
      scopes_supported: scopes,
      api_base: url + '/api',
    }),
  ),
)
app.post('/ath/agents/register', on(handlers.register))
app.post('/ath/authorize', on(handlers.authorize))
app.get('/ath/callback', on(handlers.callback))
app.post('/ath/token', on(handlers.token))
app.post('/ath/revoke', on(handlers.revoke))
app.all('/ath/proxy/*path', on(proxy))
app.listen(PORT, () => console.log('listening'))
`,
}

test('the tutorial’s own command lines, without a key made before, end with a proxied call and a revocation', async (t) => {
  const app = await createTestApp(t, tutorialApp)
  await app.start('server.js')
  const { athx, home } = await createAthx(t, {})
  const follow = async (line: string) => {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain)
    const ran = await athx(words.slice(1).map((word) => (word ?? '').replace('$URL', app.url)))
    assert.equal(ran.code, 0, `${line}\n${ran.stdout}${ran.stderr}${app.output()}`)
    return ran
  }
  const agent = '--agent-id https://test-agent.example/.well-known/agent.json'
  const discovered = await follow('athx discover --mode native --service $URL')
  assert.match(discovered.stdout, /Your App \(your-app\)[^]*products:read cart:write orders:write/)
  const registered = await follow(
    `athx register --mode native --service $URL ${agent} --provider your-app --scopes "products:read,cart:write"`,
  )
  assert.match(registered.stderr, /there was no key, so one was made and kept/)
  const key = await readFile(join(home, 'athx', 'keys', 'agent.pem'), 'utf8')
  const asked = await follow(
    `athx authorize --mode native --service $URL ${agent} --provider your-app --scopes "products:read" --json`,
  )
  const { authorization_url: page, ath_session_id: session } = JSON.parse(asked.stdout)
  // The app's OAuth server asks nothing here: the browser goes there and comes back.
  await createDevPerson(fetch, new AbortController().signal).agree(page)
  const granted = await follow(
    `athx token --mode native --service $URL ${agent} --session ${session} --wait --json`,
  )
  assert.deepEqual(JSON.parse(granted.stdout).effective_scopes, ['products:read'])
  const called = await follow(
    `athx proxy --mode native --service $URL ${agent} your-app GET /api/products`,
  )
  assert.equal(called.stdout, '[{"id":1}]')
  const outside = await athx(['proxy', 'your-app', 'POST', '/api/cart', '--body', '{}'])
  assert.equal(outside.code, 5, outside.stderr)
  await follow(`athx revoke --mode native --service $URL ${agent} --provider your-app`)
  assert.equal((await athx(['proxy', 'your-app', 'GET', '/api/products'])).code, 4)
  assert.equal(await readFile(join(home, 'athx', 'keys', 'agent.pem'), 'utf8'), key)
})

test('`athx try` reaches an app that is wired by hand by its proxy path, and says what is fit for development only', async (t) => {
  const app = await createTestApp(t, tutorialApp)
  await app.start('server.js')
  const { athx } = await createAthx(t, {})
  const args = [
    '--service',
    app.url,
    '--auto',
    '--scopes',
    'products:read',
    '--get',
    '/api/products',
  ]
  const { code, stdout } = await athx(['try', ...args])
  assert.equal(code, 0, stdout)
  assert.match(stdout, /register .* key NOT checked: fit for development only$/m)
  assert.match(stdout, /call +GET +\/ath\/proxy\/your-app\/api\/products +200 .* by its proxy path/)
  assert.match(stdout, /stolen .* refused, as it must be: AGENT_IDENTITY_MISMATCH$/m)
  assert.match(stdout, /renew .* the app does not offer to renew tokens$/m)
  assert.match(stdout, /ended .* refused, as it must be: TOKEN_REVOKED$/m)
})
