import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  AthError,
  type AthClient,
  type AthSession,
  createAthClient,
  type StepUp,
} from '@ath-protocol/client'
import { openBrowser } from '@sallyport/testing'
import type { ServiceDiscovery } from '@ath-protocol/types'
import { createBrowserPerson } from '../person/browser.ts'
import { findChromium } from '../person/chromium.ts'
import type { Person } from '../person/person.ts'
import { type AgentHost, type HostedAgent, startAgentHost } from '../world/agent-host.ts'
import type { Idp } from '../world/idp.ts'
import { largeAboveFen } from './orders/orders.ts'
import { lookAt, signIn } from './shop-browser.ts'
import { type RunningShop, startShop } from './start-shop.ts'

let shop: RunningShop & { readonly idp: Idp }
let agents: AgentHost
let person: Person
let office: AthClient<ServiceDiscovery>
let session: AthSession
const records: { readonly event: string; readonly [field: string]: unknown }[] = []

const everything = ['products:read', 'cart:read', 'cart:write', 'orders:read', 'orders:write']

const clientOf = ({ agentId, key }: HostedAgent) =>
  createAthClient({ service: shop.url, agentId, key })

async function introduce(agent: HostedAgent): Promise<AthClient<ServiceDiscovery>> {
  const client = clientOf(agent)
  const { agent_status } = await client.register({
    scopes: everything,
    developer: agent.developer,
    purpose: 'buy what the office needs',
  })
  assert.equal(agent_status, 'approved')
  return client
}

async function obtain(
  client: AthClient<ServiceDiscovery>,
  scopes = everything,
  untick: readonly string[] = [],
): Promise<AthSession> {
  const handshake = await client.authorize({ scopes })
  const tick = scopes.filter((scope) => !untick.includes(scope))
  await person.answer(handshake.authorizationUrl, { approve: true, untick, tick })
  return client.waitForConsent(handshake, { pollSeconds: 0.1 })
}

before(async () => {
  agents = await startAgentHost()
  shop = await startShop({
    agents: {
      agents: [agents.office, agents.minutes].map(({ agentId }) => ({
        agent: agentId,
        allow: 'all',
      })),
      audit: (record) => void records.push({ ...record }),
      log: () => undefined,
    },
  })
  person = await createBrowserPerson(findChromium(() => undefined))
  office = await introduce(agents.office)
  session = await obtain(office)
})
after(async () => {
  await person?.close()
  await shop?.close()
  await agents?.close()
})

interface Order {
  readonly id: string
  readonly total: number
  readonly placed_by: Readonly<Record<string, unknown>>
  readonly confirmed?: boolean
}

const refusal = async (call: Promise<unknown>) => {
  try {
    await call
  } catch (error) {
    if (error instanceof AthError) return error
    throw error
  }
  return assert.fail('it was allowed')
}

test('an agent finds the shop, browses, fills its person’s cart and orders from it', async () => {
  const { app_id, api_base } = await office.discover()
  assert.deepEqual([app_id, api_base], ['example.blueharbour.shop', `${shop.url}/api`])
  const { products } = await session.api<{ readonly products: readonly unknown[] }>(
    'GET',
    '/products',
  )
  assert.equal(products.length, 12)
  const cart = await session.api<{ readonly version: string }>('POST', '/cart/items', {
    product_id: 'storm-umbrella',
    quantity: 2,
  })
  const order = await session.api<Order>('POST', '/orders', { cart: cart.version })
  assert.equal(order.total, 258)
  assert.deepEqual(order.placed_by, {
    kind: 'agent',
    agent_id: agents.office.agentId,
    name: agents.office.name,
  })
  const page = await person.look(`${shop.url}/orders`)
  assert.match(page ?? '', /Placed for you by AI 办公助手 Office Assistant/)
  assert.match(page ?? '', /王晓 Wang Xiao/)
})

const large = { items: [{ product_id: 'binoculars', quantity: 1 }] }

test('an order above the limit waits for the person’s yes to exactly it, and is placed once', async () => {
  assert.ok(largeAboveFen < 68_000)
  const asked: StepUp[] = []
  const order = await session.api<Order>('POST', '/orders', large, {
    onStepUp: async (stepUp) => {
      asked.push(stepUp)
      await person.answer(stepUp.confirmUrl, { approve: true })
    },
  })
  assert.deepEqual([order.total, order.confirmed], [680, true])
  const [{ id }] = asked as [StepUp]
  const again = await refusal(
    session.api('POST', '/orders', large, {
      onStepUp: 'refuse',
      headers: { 'x-ath-step-up': id },
    }),
  )
  assert.deepEqual([again.status, again.code], [401, 'STEP_UP_REQUIRED'])
  const page = await person.look(`${shop.url}/orders`)
  assert.match(page ?? '', /¥680[^]*Confirmed by you/)
})

test('a yes to one order is none to another', async () => {
  const other = await refusal(
    session.api('POST', '/orders', large, {
      onStepUp: 'refuse',
    }),
  )
  const asked = other.stepUp
  assert.ok(asked)
  assert.match((await person.look(asked.confirmUrl)) ?? '', /¥680: 双筒望远镜\s7\s×\s50 Binoculars/)
  await person.answer(asked.confirmUrl, { approve: true })
  const headers = { 'x-ath-step-up': asked.id }
  const changed = await refusal(
    session.api(
      'POST',
      '/orders',
      { items: [{ product_id: 'model-junk', quantity: 1 }] },
      { onStepUp: 'refuse', headers },
    ),
  )
  assert.equal(changed.code, 'STEP_UP_REQUIRED')
  assert.notEqual(changed.stepUp?.id, asked.id)
})

test('what the person refuses is not ordered', async () => {
  const denied = await refusal(
    session.api('POST', '/orders', large, {
      onStepUp: ({ confirmUrl }) => person.answer(confirmUrl, { approve: false }),
    }),
  )
  assert.deepEqual([denied.status, denied.code], [403, 'USER_DENIED'])
})

test('a cart that grew is not ordered as what it was, and needs the yes that its new price needs', async () => {
  // Another agent: one may ask a person for a few confirmations in ten minutes, and no more.
  const session = await obtain(await introduce(agents.minutes))
  const add = (product_id: string) =>
    session.api<{ readonly version: string; readonly total: number }>('POST', '/cart/items', {
      product_id,
    })
  const small = await add('laoshan-tea')
  const grown = await add('wool-blanket')
  assert.equal(grown.total, 548)
  const stale = await session.fetch('/orders', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ cart: small.version }),
  })
  assert.equal(stale.status, 409)
  const asked = await refusal(
    session.api('POST', '/orders', { cart: grown.version }, { onStepUp: 'refuse' }),
  )
  assert.equal(asked.code, 'STEP_UP_REQUIRED')
  for (const id of ['laoshan-tea', 'wool-blanket']) await session.api('DELETE', `/cart/items/${id}`)
})

test('by the proxy the shop’s own log-in sees its own token, and a large order waits for its person all the same', async () => {
  const proxied = (
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) =>
    fetch(`${shop.url}/ath/proxy/shop${path}`, {
      method,
      headers: {
        authorization: `Bearer ${session.accessToken}`,
        'x-ath-agent-id': agents.office.agentId,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const added = await proxied('POST', '/api/cart/items', { product_id: 'logbook' })
  assert.equal(added.status, 201)
  const cart = (await (await proxied('GET', '/api/cart')).json()) as {
    readonly total: number
    readonly items: readonly { readonly added_by: unknown }[]
  }
  assert.equal(cart.total, 45)
  const { clientId } = shop.idp.shopAgents
  assert.deepEqual(cart.items[0]?.added_by, { kind: 'app', client_id: clientId })
  await proxied('DELETE', '/api/cart/items/logbook')
  const small = await proxied('POST', '/api/orders', { items: [{ product_id: 'thermos' }] })
  assert.equal(small.status, 201)
  // The route's guard knows whose call it is, whichever way it came.
  assert.equal(((await small.json()) as Order).placed_by['agent_id'], agents.office.agentId)
  const asked = await proxied('POST', '/api/orders', large)
  assert.equal(asked.status, 401)
  const { code, details } = (await asked.json()) as {
    readonly code: string
    readonly details: { readonly step_up: { readonly id: string; readonly confirm_url: string } }
  }
  assert.equal(code, 'STEP_UP_REQUIRED')
  const { id, confirm_url } = details.step_up
  const repeat = () => proxied('POST', '/api/orders', large, { 'x-ath-step-up': id })
  assert.equal((await repeat()).status, 401)
  await person.answer(confirm_url, { approve: true })
  const order = await repeat()
  assert.equal(order.status, 201)
  const { total, confirmed } = (await order.json()) as Order
  assert.deepEqual([total, confirmed], [680, true])
  assert.equal((await repeat()).status, 401)
})

test('an agent reaches no page of the shop, and nothing with a scope that its person kept back', async () => {
  const narrow = await obtain(
    office,
    ['products:read', 'orders:read', 'orders:write'],
    ['orders:write'],
  )
  assert.deepEqual([...narrow.scopes].sort(), ['orders:read', 'products:read'])
  const order = await refusal(narrow.api('POST', '/orders', large))
  assert.deepEqual([order.status, order.code], [403, 'SCOPE_NOT_APPROVED'])
  const cart = await refusal(narrow.api('GET', '/cart'))
  assert.deepEqual([cart.status, cart.code], [403, 'SCOPE_NOT_APPROVED'])
  const bearer = {
    authorization: `Bearer ${session.accessToken}`,
    'x-ath-agent-id': agents.office.agentId,
  }
  const page = await fetch(`${shop.url}/orders`, { headers: bearer, redirect: 'manual' })
  assert.equal(page.status, 403)
  const checkout = await fetch(`${shop.url}/checkout`, {
    method: 'POST',
    headers: bearer,
    redirect: 'manual',
  })
  assert.equal(checkout.status, 403)
})

test('a token that was stolen, revoked or made up opens nothing', async () => {
  const mine = await obtain(office)
  const call = (token: string, agentId: string) =>
    fetch(`${shop.url}/api/cart`, {
      headers: { authorization: `Bearer ${token}`, 'x-ath-agent-id': agentId },
    })
  assert.equal((await call(mine.accessToken, agents.office.agentId)).status, 200)
  assert.equal((await call(mine.accessToken, agents.stranger.agentId)).status, 403)
  assert.equal((await call(`ath_tk_${'x'.repeat(43)}`, agents.office.agentId)).status, 401)
  await mine.revoke()
  const revoked = await refusal(mine.api('GET', '/cart'))
  assert.deepEqual([revoked.status, revoked.code], [401, 'TOKEN_REVOKED'])
})

test('an agent that nobody here approved waits, and asks nobody', async () => {
  const stranger = clientOf(agents.stranger)
  const { agent_status } = await stranger.register({
    scopes: everything,
    developer: agents.stranger.developer,
    purpose: 'help',
  })
  assert.equal(agent_status, 'pending')
  const error = await refusal(stranger.authorize({ scopes: everything }))
  assert.equal(error.code, 'AGENT_UNAPPROVED')
})

test('the pages that show what agents did are accessible and fit, in both languages', async () => {
  await session.api('POST', '/cart/items', { product_id: 'raincoat' })
  const browser = await openBrowser()
  try {
    for (const locale of ['en-GB', 'zh-CN']) {
      const context = await browser.newContext({ locale, bypassCSP: true })
      const page = await context.newPage()
      await signIn(page, shop.url, 'wang')
      await lookAt(page, `agent-orders-${locale}`, `${shop.url}/orders`)
      const [by, confirmed] =
        locale === 'en-GB' ? ['for you by', 'Confirmed'] : ['代您', '您已确认']
      const text = await page.locator('main').innerText()
      assert.ok(text.includes(by ?? '') && text.includes(confirmed ?? ''))
      await lookAt(page, `agent-cart-${locale}`, `${shop.url}/cart`)
      assert.match(await page.locator('main').innerText(), /(?:Added by|由) AI 办公助手/)
      await context.close()
    }
  } finally {
    await browser.close()
  }
})

test('every decision is on record', () => {
  for (const event of ['agent_registered', 'consent_given', 'confirmation_requested'])
    assert.ok(
      records.some((record) => record.event === event),
      event,
    )
})
