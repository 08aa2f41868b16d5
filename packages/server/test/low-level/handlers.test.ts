import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  type AthHandlersConfig,
  AthSetupError,
  createATHHandlers,
  createProxyHandler,
  InMemoryAgentRegistry,
  InMemoryProviderTokenStore,
  InMemorySessionStore,
  InMemoryTokenStore,
} from '../../src/index.ts'

const url = 'http://localhost:3000'
const said: string[] = []
const config: AthHandlersConfig = {
  audience: url,
  callbackUrl: `${url}/ath/callback`,
  availableScopes: ['products:read'],
  appId: 'com.acme.shop',
  oauth: {
    authorize_endpoint: `${url}/oauth/authorize`,
    token_endpoint: `${url}/oauth/token`,
    client_id: 'ath',
    client_secret: 'secret',
  },
  audit: () => {},
  log: (line) => said.push(line),
}
const safe: AthHandlersConfig = {
  ...config,
  audience: 'https://shop.example',
  callbackUrl: 'https://shop.example/ath/callback',
  browserBinding: true,
  agents: [{ domain: 'agents.example', allow: 'all' }],
}
const create = (changes: Partial<AthHandlersConfig>, tokenStore = new InMemoryTokenStore()) =>
  createATHHandlers({
    registry: new InMemoryAgentRegistry(),
    tokenStore,
    sessionStore: new InMemorySessionStore(),
    config: { ...config, ...changes },
  })

const { NODE_ENV } = process.env
afterEach(() => {
  said.length = 0
  if (NODE_ENV === undefined) delete process.env['NODE_ENV']
  else process.env['NODE_ENV'] = NODE_ENV
})

const setupError = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof AthSetupError, String(error))
  assert.match(error.message, says)
  assert.match(error.message, /Fix: /)
  return true
}

test('[R128] agents are believed in development only, and loudly', () => {
  create({ skipAttestationVerification: true })
  assert.match(said.join('\n'), /skipAttestationVerification: anybody can be any agent/)
  process.env['NODE_ENV'] = 'production'
  assert.throws(
    () => create({ ...safe, skipAttestationVerification: true }),
    setupError(/skipAttestationVerification/),
  )
  assert.doesNotThrow(() => create(safe))
})

test('[R64] in production nobody forgets to tie a consent to its browser: it is said, or refused', () => {
  process.env['NODE_ENV'] = 'production'
  const { browserBinding: _, ...unsaid } = safe
  assert.throws(
    () =>
      createATHHandlers({
        registry: new InMemoryAgentRegistry(),
        tokenStore: new InMemoryTokenStore(),
        sessionStore: new InMemorySessionStore(),
        config: unsaid,
      }),
    setupError(/R64/),
  )
  assert.doesNotThrow(() => create({ ...safe, browserBinding: false }))
  assert.match(said.join('\n'), /browserBinding/)
})

test('[R1] in production without rules every agent waits for a decision', () => {
  process.env['NODE_ENV'] = 'production'
  const { agents: _, ...noRules } = safe
  createATHHandlers({
    registry: new InMemoryAgentRegistry(),
    tokenStore: new InMemoryTokenStore(),
    sessionStore: new InMemorySessionStore(),
    config: noRules,
  })
  assert.doesNotMatch(said.join('\n'), /approved for every scope/)
})

test('a callback elsewhere than browsers come back to is refused', () => {
  assert.throws(() => create({ callbackUrl: `${url}/callback` }), setupError(/ath\/callback/))
})

test('a proxy without handlers on its token store is refused: nothing would decide who gets in', () => {
  const deps = {
    tokenStore: new InMemoryTokenStore(),
    providerTokenStore: new InMemoryProviderTokenStore(),
    upstreams: { shop: url },
  }
  assert.throws(() => createProxyHandler(deps), setupError(/createATHHandlers/))
  create({}, deps.tokenStore)
  assert.doesNotThrow(() => createProxyHandler(deps))
})

test('[R91] [R92] a proxied call without a token, or with one of nobody, is 401', async () => {
  const tokenStore = new InMemoryTokenStore()
  create({}, tokenStore)
  const proxy = createProxyHandler({
    tokenStore,
    providerTokenStore: new InMemoryProviderTokenStore(),
    upstreams: { shop: url },
  })
  for (const headers of [{}, { authorization: `Bearer ath_tk_${'A'.repeat(43)}` }]) {
    const answer = await proxy({ method: 'GET', path: '/proxy/shop/api/products', headers })
    assert.equal(answer.status, 401)
    assert.equal((answer.body as { code: string }).code, 'TOKEN_INVALID')
  }
})

test('[C15] a body that is none of ours is 400 with the code of what is missing', async () => {
  const handlers = create({})
  for (const body of [undefined, {}, 'not json', 7]) {
    const answer = await handlers.register({
      method: 'POST',
      url: `${url}/ath/agents/register`,
      body,
    })
    assert.equal(answer.status, 400)
  }
})

test('[C18] a revocation by nobody is 401, and an unknown state is no callback', async () => {
  const handlers = create({})
  const revoked = await handlers.revoke({ body: { token: 'ath_tk_x' } })
  assert.equal(revoked.status, 401)
  const callback = await handlers.callback({ query: { code: 'x', state: 'y' } })
  assert.equal(callback.status, 400)
  assert.equal((callback.body as { code: string }).code, 'STATE_MISMATCH')
})
