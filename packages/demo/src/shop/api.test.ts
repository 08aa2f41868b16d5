import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { obtainAppToken } from '../world/app-token.ts'
import { type RunningShop, startShop } from './start-shop.ts'
import type { Idp } from '../world/idp.ts'

let shop: RunningShop & { readonly idp: Idp }
let wang: string
let li: string

const everything = ['products:read', 'cart:read', 'cart:write', 'orders:read', 'orders:write']

const obtain = (person: string, scopes = everything) =>
  obtainAppToken(shop.idp, {
    client: shop.idp.shopAgents,
    redirectUri: `${shop.url}/ath/callback`,
    person,
    scopes,
  })

before(async () => {
  // As it was before there were agents.
  shop = await startShop({ agents: 'none' })
  wang = (await obtain('wang')).accessToken
  li = (await obtain('li')).accessToken
})
after(() => shop?.close())

interface Answer {
  readonly status: number
  readonly headers: Headers
  // What the shop answers is what is tested here.
  readonly body: {
    readonly [name: string]: unknown
    readonly items: readonly Readonly<Record<string, unknown>>[]
    readonly products: readonly Readonly<Record<string, unknown>>[]
    readonly orders: readonly Readonly<Record<string, unknown>>[]
  }
}

async function call(
  method: string,
  path: string,
  options: { readonly token?: string; readonly json?: unknown; readonly text?: string } = {},
): Promise<Answer> {
  const { token, json, text } = options
  const body = json === undefined ? text : JSON.stringify(json)
  const answer = await fetch(`${shop.url}/api${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  })
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Answer['body'],
  }
}

const stockOf = async (id: string) => (await call('GET', `/products/${id}`)).body['stock']

test('everybody may look at the products, all of them or those with a word', async () => {
  const all = await call('GET', '/products')
  assert.equal(all.status, 200)
  assert.equal(all.body.products.length, 12)
  const found = await call('GET', `/products?q=${encodeURIComponent('望远镜')}`)
  assert.deepEqual(
    found.body.products.map(({ id, price, currency }) => [id, price, currency]),
    [['binoculars', 680, 'CNY']],
  )
  assert.equal((await call('GET', '/products/enamel-mug')).body['price'], 39.9)
  const none = await call('GET', '/products/submarine')
  assert.equal(none.status, 404)
  assert.equal(none.body['error'], 'no_such_product')
})

test('carts and orders are nobody’s without a sign-in or a token', async () => {
  for (const [method, path] of [
    ['GET', '/cart'],
    ['POST', '/cart/items'],
    ['DELETE', '/cart/items/enamel-mug'],
    ['GET', '/orders'],
    ['POST', '/orders'],
  ] as const) {
    const answer = await call(method, path)
    assert.equal(answer.status, 401, `${method} ${path}`)
    assert.equal(answer.body['error'], 'sign_in')
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
  }
})

test('an app fills and empties a person’s cart, and nobody else’s', async () => {
  const item = { product_id: 'enamel-mug', quantity: 2 }
  await call('POST', '/cart/items', { token: wang, json: item })
  const filled = await call('POST', '/cart/items', {
    token: wang,
    json: { product_id: 'laoshan-tea' },
  })
  assert.equal(filled.status, 201)
  assert.deepEqual(
    filled.body.items.map(({ id, quantity, subtotal }) => [id, quantity, subtotal]),
    [
      ['enamel-mug', 2, 79.8],
      ['laoshan-tea', 1, 88],
    ],
  )
  assert.equal(filled.body['total'], 167.8)
  assert.equal((await call('GET', '/cart', { token: li })).body.items.length, 0)
  await call('DELETE', '/cart/items/enamel-mug', { token: wang })
  const left = await call('DELETE', '/cart/items/laoshan-tea', { token: wang })
  assert.deepEqual([left.status, left.body.items.length, left.body['total']], [200, 0, 0])
  assert.equal((await call('DELETE', '/cart/items/laoshan-tea', { token: wang })).status, 404)
})

test('the shop works out what an order costs, whatever the caller says', async () => {
  const before = await stockOf('enamel-mug')
  const placed = await call('POST', '/orders', {
    token: li,
    json: {
      items: [
        { product_id: 'enamel-mug', quantity: 1, price: 1 },
        { product_id: 'enamel-mug', quantity: 1 },
      ],
      total: 2,
    },
  })
  assert.equal(placed.status, 201)
  assert.equal(placed.body['total'], 79.8)
  assert.deepEqual(placed.body['placed_by'], { kind: 'app', client_id: 'shop-agents' })
  assert.equal(await stockOf('enamel-mug'), Number(before) - 2)
  const mine = await call('GET', '/orders', { token: li })
  assert.equal(mine.body.orders[0]?.['id'], placed.body['id'])
  assert.equal((await call('GET', '/orders', { token: wang })).body.orders.length, 0)
})

test('an order of the cart is an order of the cart as it was read', async () => {
  const add = (product_id: string) =>
    call('POST', '/cart/items', { token: wang, json: { product_id } })
  const read = await add('logbook')
  await add('thermos')
  const changed = await call('POST', '/orders', {
    token: wang,
    json: { cart: read.body['version'] },
  })
  assert.deepEqual([changed.status, changed.body['error']], [409, 'cart_changed'])
  const placed = await call('POST', '/orders', {
    token: wang,
    json: { cart: changed.body['version'] },
  })
  assert.deepEqual([placed.status, placed.body['total']], [201, 204])
  const again = await call('POST', '/orders', {
    token: wang,
    json: { cart: changed.body['version'] },
  })
  assert.deepEqual([again.status, again.body['error']], [409, 'cart_empty'])
})

test('what is not there is not sold, nor anything that was ordered with it', async () => {
  const before = await stockOf('storm-umbrella')
  const short = await call('POST', '/orders', {
    token: wang,
    json: {
      items: [
        { product_id: 'storm-umbrella', quantity: 1 },
        { product_id: 'captains-hat', quantity: 1 },
      ],
    },
  })
  assert.equal(short.status, 409)
  assert.deepEqual(
    [short.body['error'], short.body['product_id'], short.body['wanted'], short.body['stock']],
    ['out_of_stock', 'captains-hat', 1, 0],
  )
  assert.equal(await stockOf('storm-umbrella'), before)
  const hat = await call('POST', '/cart/items', {
    token: wang,
    json: { product_id: 'captains-hat' },
  })
  assert.deepEqual([hat.status, hat.body['error']], [409, 'out_of_stock'])
})

test('the last ones are sold once, however many ask at the same time', async () => {
  const order = { items: [{ product_id: 'wool-blanket' }] }
  const answers = await Promise.all(
    Array.from({ length: 11 }, () => call('POST', '/orders', { token: wang, json: order })),
  )
  const statuses = answers.map(({ status }) => status).sort((one, other) => one - other)
  assert.deepEqual(statuses, [...Array<number>(9).fill(201), 409, 409])
  assert.equal(await stockOf('wool-blanket'), 0)
})

test('a request that makes no sense is refused with what would', async () => {
  const item = { product_id: 'logbook', quantity: 1 }
  for (const [path, options, status, error] of [
    ['/cart/items', { text: '{"product_id":' }, 400, 'bad_request'],
    ['/cart/items', { text: '[]' }, 400, 'bad_request'],
    ['/cart/items', { text: `{"x":"${'y'.repeat(20_000)}"}` }, 413, 'bad_request'],
    ['/cart/items', { json: { quantity: 1 } }, 400, 'bad_request'],
    ['/cart/items', { json: { ...item, quantity: 0 } }, 400, 'bad_request'],
    ['/cart/items', { json: { ...item, quantity: -1 } }, 400, 'bad_request'],
    ['/cart/items', { json: { ...item, quantity: 1.5 } }, 400, 'bad_request'],
    ['/cart/items', { json: { ...item, quantity: '1' } }, 400, 'bad_request'],
    ['/cart/items', { json: { ...item, quantity: 100 } }, 400, 'bad_request'],
    ['/cart/items', { json: { ...item, product_id: '__proto__' } }, 404, 'no_such_product'],
    ['/orders', {}, 400, 'bad_request'],
    ['/orders', { json: {} }, 400, 'bad_request'],
    ['/orders', { json: { items: [] } }, 400, 'bad_request'],
    ['/orders', { json: { items: [null] } }, 400, 'bad_request'],
    ['/orders', { json: { items: [item], cart: 'x' } }, 400, 'bad_request'],
    ['/orders', { json: { items: Array(21).fill(item) } }, 400, 'bad_request'],
    ['/orders', { json: { items: Array(2).fill({ ...item, quantity: 60 }) } }, 400, 'too_many'],
    ['/elsewhere', {}, 404, 'not_found'],
  ] as const) {
    const answer = await call('POST', path, { token: li, ...options })
    const what = `${path} ${JSON.stringify(options).slice(0, 80)}`
    assert.deepEqual([answer.status, answer.body['error']], [status, error], what)
    assert.equal(typeof answer.body['message'], 'string')
  }
})

test('a token is worth what its person allowed, here and now', async () => {
  const { accessToken, revoke } = await obtain('chen', ['cart:read'])
  assert.equal((await call('GET', '/cart', { token: accessToken })).status, 200)
  const refused = await call('POST', '/orders', { token: accessToken, json: {} })
  assert.deepEqual([refused.status, refused.body['error']], [403, 'insufficient_scope'])
  assert.equal(
    refused.headers.get('www-authenticate'),
    'Bearer error="insufficient_scope", scope="orders:write"',
  )
  await revoke()
  const ended = await call('GET', '/cart', { token: accessToken })
  assert.deepEqual([ended.status, ended.body['error']], [401, 'invalid_token'])
})

test('a token for another system, a made-up one and another scheme are refused', async () => {
  const { accessToken } = await obtainAppToken(shop.idp, {
    client: shop.idp.shop,
    redirectUri: `${shop.url}/sign-in/callback`,
    person: 'wang',
    scopes: ['profile'],
  })
  for (const authorization of [
    `Bearer ${accessToken}`,
    'Bearer made-up',
    'Bearer',
    `Basic ${btoa('wang:wang')}`,
  ]) {
    const answer = await fetch(`${shop.url}/api/cart`, { headers: { authorization } })
    assert.equal(answer.status, 401, authorization)
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"')
  }
})
