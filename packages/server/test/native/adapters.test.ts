import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AthSession, connect } from '@ath-protocol/client'
import type { AuditLine } from '../../src/index.ts'
import { startAgent } from './agent.ts'
import { frameworks, type RunningShop } from './frameworks.ts'
import { approve, openStepUp } from './person.ts'

for (const [name, open] of Object.entries(frameworks))
  describe(`on ${name}`, () => {
    const audit: AuditLine[] = []
    let agent: Awaited<ReturnType<typeof startAgent>>
    let shop: RunningShop
    let session: AthSession

    before(async () => {
      agent = await startAgent()
      shop = await open({
        appId: 'com.acme.shop',
        name: 'Acme Shop',
        apiBase: '/api',
        scopes: {
          'products:read': ['GET /api/products/**'],
          'orders:read': { description: 'See your orders' },
          'orders:write': { routes: ['POST /api/orders'], description: 'Place orders' },
        },
        devIdp: true,
        audit: (line) => audit.push(line),
        log: () => {},
      })
      const connection = await connect({
        service: shop.url,
        agent: { id: agent.agentId, key: agent.key, developer: { name: 'Acme', id: 'acme' } },
        scopes: ['products:read', 'orders:write'],
        why: 'to shop',
        onConsent: async ({ authorizationUrl }) => void (await approve(authorizationUrl)),
        pollSeconds: 0.1,
      })
      session = connection.sessions[0] as AthSession
    })
    after(async () => {
      await shop.close()
      await agent.close()
    })

    const bearer = () => ({
      authorization: `Bearer ${session.accessToken}`,
      'x-ath-agent-id': agent.agentId,
    })
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${shop.url}${path}`, {
        ...init,
        headers: {
          ...bearer(),
          'content-type': 'application/json',
          ...(init.headers as Record<string, string> | undefined),
        },
      })
    const order = (total: number, headers: Record<string, string> = {}) =>
      ask('/api/orders', { method: 'POST', body: JSON.stringify({ total }), headers })

    test('[R12] [R13] an agent finds what the app offers', async () => {
      const answer = await fetch(`${shop.url}/.well-known/ath-app.json`)
      assert.equal(answer.status, 200)
      const document = (await answer.json()) as Record<string, unknown>
      assert.equal(document['app_id'], 'com.acme.shop')
      assert.equal(document['api_base'], `${shop.url}/api`)
      assert.equal(document['handshake_endpoint'], `${shop.url}/ath/handshake`)
    })

    test('[R1] a scope that the map names opens its route, for an agent that both doors let in', async () => {
      assert.deepEqual(await session.api('GET', '/products'), {
        products: ['lamp'],
        by: 'Shopper',
      })
    })

    test('people and their own credentials pass as before', async () => {
      const answer = await fetch(`${shop.url}/api/products`)
      assert.deepEqual(await answer.json(), { products: ['lamp'], by: 'a person' })
      const own = await fetch(`${shop.url}/about`, { headers: { authorization: 'Bearer own' } })
      assert.deepEqual(await own.json(), { token: 'Bearer own' })
    })

    test('[R95] a guard lets in who has its scope, and says for whom the agent acts', async () => {
      const answer = await order(100)
      assert.equal(answer.status, 201)
      assert.deepEqual(await answer.json(), { total: 100, by: 'Shopper', for: 'wang' })
    })

    test('a guard lets people on to the app’s own rules where it says so, and nobody where it does not', async () => {
      const people = await fetch(`${shop.url}/api/orders`, {
        method: 'POST',
        body: '{"total":9}',
        headers: { 'content-type': 'application/json' },
      })
      assert.equal(people.status, 201)
      assert.deepEqual(await people.json(), { total: 9, by: 'a person', for: null })
      const refused = await fetch(`${shop.url}/api/orders`)
      assert.equal(refused.status, 401)
      assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer/)
    })

    test('[R96] a scope that the user was not asked for opens nothing', async () => {
      const answer = await ask('/api/orders')
      assert.equal(answer.status, 403)
      const refusal = (await answer.json()) as { code: string; details: { rule: string } }
      assert.equal(refusal.code, 'SCOPE_NOT_APPROVED')
      assert.match(refusal.details.rule, /orders:read/)
    })

    test('[R96] where no scope and no guard names a route, an agent is nobody', async () => {
      const answer = await ask('/about')
      assert.deepEqual(await answer.json(), { token: null })
    })

    test('[R92] [R93] a wrong token, another agent’s name and none are refused', async () => {
      const wrong = { authorization: `Bearer ath_tk_${'A'.repeat(43)}` }
      assert.equal((await ask('/api/products', { headers: wrong })).status, 401)
      const other = { 'x-ath-agent-id': 'https://other.example/.well-known/agent.json' }
      assert.equal((await ask('/api/products', { headers: other })).status, 403)
      const nobody = await fetch(`${shop.url}/api/products`, {
        headers: { authorization: bearer().authorization },
      })
      assert.equal(nobody.status, 403)
    })

    test('[R94] [R99] [C27] the proxy path swaps the token for the user’s own, by the app’s id or a short name', async () => {
      for (const app of ['com.acme.shop', 'shop', 'default']) {
        const answer = await ask(`/ath/proxy/${app}/api/products`)
        assert.equal(answer.status, 200, app)
        // The app's own log-in would see an OAuth token: for ATH it is a person's request.
        assert.deepEqual(await answer.json(), { products: ['lamp'], by: 'a person' })
      }
      assert.equal((await ask('/ath/proxy/elsewhere/api/products')).status, 403)
      assert.equal((await ask('/ath/proxy/shop/about')).status, 403)
    })

    test('a large order waits for its person, passes once when they say yes, and never for another order', async () => {
      const first = await order(680)
      assert.equal(first.status, 401)
      assert.match(
        first.headers.get('www-authenticate') ?? '',
        /error="insufficient_user_authentication"/,
      )
      const refusal = (await first.json()) as Refusal
      assert.equal(refusal.code, 'STEP_UP_REQUIRED')
      const { id, confirm_url } = refusal.details.step_up
      const again = { 'x-ath-step-up': id }
      const pending = (await (await order(680, again)).json()) as Refusal
      assert.equal(pending.details.reason, 'step_up_pending')

      const { question, decide } = await openStepUp(confirm_url)
      assert.match(question.html, /Order for ¥680/)
      assert.match(question.html, /POST/)
      assert.equal((await decide('approve')).status, 200)
      const other = (await (await order(999, again)).json()) as Refusal
      assert.equal(other.details.reason, 'step_up_required')
      assert.equal((await order(680, again)).status, 201)
      assert.equal((await order(680, again)).status, 401)
    })

    test('a person’s no to a large order is a no', async () => {
      const { details } = (await (await order(700)).json()) as Refusal
      const { decide } = await openStepUp(details.step_up.confirm_url)
      await decide('deny')
      const answer = await order(700, { 'x-ath-step-up': details.step_up.id })
      assert.equal(answer.status, 403)
      assert.equal(((await answer.json()) as Refusal).code, 'USER_DENIED')
    })

    test('a large order waits for its person on the proxy path, too, where the app’s log-in sees the user’s own token', async () => {
      const order = (headers: Record<string, string> = {}) =>
        ask('/ath/proxy/shop/api/orders', { method: 'POST', body: '{"total":900}', headers })
      const first = await order()
      assert.equal(first.status, 401)
      const { details } = (await first.json()) as Refusal
      const { decide } = await openStepUp(details.step_up.confirm_url)
      await decide('approve')
      const again = { 'x-ath-step-up': details.step_up.id }
      const confirmed = await order(again)
      assert.equal(confirmed.status, 201)
      assert.equal(((await confirmed.json()) as { by: string }).by, 'Shopper')
      assert.equal((await order(again)).status, 401)
    })

    test('nobody makes up where a call came by', async () => {
      const answer = await fetch(`${shop.url}/api/orders`, {
        method: 'POST',
        body: '{"total":900}',
        headers: { 'content-type': 'application/json', 'x-ath-call': 'v1.abcdefgh.AAAA' },
      })
      assert.equal(answer.status, 401)
    })

    test('nobody else confirms what one person was asked', async () => {
      const { details } = (await (await order(800)).json()) as Refusal
      const { question } = await openStepUp(details.step_up.confirm_url, 'li')
      assert.equal(question.status, 403)
      assert.doesNotMatch(question.html, /¥800/)
    })

    test('[R107] a revoked token opens nothing any more, and each call left one record', async () => {
      await session.revoke()
      const answer = await ask('/api/products')
      assert.equal(answer.status, 401)
      assert.equal(((await answer.json()) as Refusal).code, 'TOKEN_REVOKED')
      const calls = audit.filter(({ event }) => event === 'proxy_request')
      const orders = calls.filter(({ path }) => path === '/api/orders')
      // 100, the confirmed 680, and the proxied 900: asked, confirmed, and asked again.
      assert.equal(orders.length, 5)
      const direct = orders
      assert.ok(direct.every(({ user_id, agent_id }) => user_id && agent_id === agent.agentId))
    })
  })

interface Refusal {
  readonly code: string
  readonly details: {
    readonly reason: string
    readonly step_up: { readonly id: string; readonly confirm_url: string }
  }
}
