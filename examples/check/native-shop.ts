import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { AthError, connect } from '@ath-protocol/client'
import { consent, startAgent } from './agent.ts'
import { freePort, runScript } from './program.ts'

/** Starts the shop of an example, `start` or `before`. */
export async function openShop(t: TestContext, folder: string, script: string): Promise<string> {
  const port = await freePort()
  const shop = await runScript(t, { folder, script, env: { PORT: String(port) } })
  await shop.says(/the shop is open/)
  return `http://localhost:${port}`
}

/** People, who bring no token of ATH, shop as they did. */
export async function checkPeople(t: TestContext, folder: string): Promise<void> {
  for (const script of ['before', 'start']) {
    const url = await openShop(t, folder, script)
    const post = (path: string, body: object) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    assert.equal((await fetch(`${url}/api/products`)).status, 200)
    assert.deepEqual(await (await post('/api/cart', { product: 'tea' })).json(), ['tea'])
    const ordered = await post('/api/orders', {})
    assert.equal(ordered.status, 201)
    assert.deepEqual(await ordered.json(), { items: ['tea'] })
    const found = await fetch(`${url}/.well-known/ath-app.json`)
    assert.equal(found.status, script === 'before' ? 404 : 200)
  }
}

/** Discovery, registration, consent, what is allowed, what is not, and the end. */
export async function checkAgent(t: TestContext, folder: string): Promise<void> {
  const service = await openShop(t, folder, 'start')
  const agent = await startAgent(t)
  const steps: string[] = []
  const shop = await connect({
    service,
    agent,
    scopes: ['products:read', 'cart:write'],
    why: 'to fill the cart',
    onConsent: ({ authorizationUrl }) => consent(authorizationUrl),
    onProgress: ({ step }) => steps.push(step),
    pollSeconds: 0.1,
  })
  assert.deepEqual(
    steps.filter((step) => step !== 'waiting'),
    ['discovered', 'registered', 'asked', 'granted'],
  )
  const session = shop.session()
  const products = await session.api<{ id: string }[]>('GET', '/products')
  assert.deepEqual(
    products.map(({ id }) => id),
    ['tea', 'pot'],
  )
  assert.deepEqual(await session.api('POST', '/cart', { product: 'tea' }), ['tea'])
  await refused(session.api('POST', '/orders', {}), 'SCOPE_NOT_APPROVED')
  await refused(session.api('GET', '/orders'), 'SCOPE_NOT_APPROVED')
  assert.deepEqual(await (await fetch(`${service}/api/orders`)).json(), [])
  const { accessToken, agentId } = session
  await session.revoke()
  const late = await fetch(`${service}/api/products`, {
    headers: { authorization: `Bearer ${accessToken}`, 'x-ath-agent-id': agentId },
  })
  assert.equal(late.status, 401)
  assert.equal(((await late.json()) as { code: string }).code, 'TOKEN_REVOKED')
}

const refused = (call: Promise<unknown>, code: string) =>
  assert.rejects(call, (error) => error instanceof AthError && error.code === code)
