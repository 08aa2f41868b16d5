import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import { defineTools, type ToolDefinition } from '@ath-protocol/client/tools'
import { z } from 'zod'
import { setUpShopSession } from './setup.ts'
import { expected, expectedCalls, script, setUpTools } from './tool-shop.ts'

test('a tool makes the call that its description says, and a refusal is an answer', async (t) => {
  const { tool, called } = await setUpTools(t)
  const answers = []
  for (const { name, args } of script) answers.push(await tool(name).call(args))
  assert.deepEqual(
    answers.map((answer) => (answer.ok ? answer.value : { error: answer.error })),
    expected,
  )
  assert.deepEqual(called, expectedCalls)
  assert.deepEqual(await tool('empty_cart').call({}), { ok: true, value: { done: true } })
})

test('models are told a whole JSON Schema, whatever the input was written in', async (t) => {
  const { tool } = await setUpTools(t)
  assert.deepEqual(tool('search_products').inputSchema, {
    type: 'object',
    properties: {
      q: { type: 'string', description: 'Words to look for' },
      max: { type: 'number' },
    },
    required: ['q'],
    additionalProperties: false,
  })
  assert.deepEqual(tool('get_product').inputSchema, {
    type: 'object',
    properties: { id: { type: 'string' } },
    required: ['id'],
    additionalProperties: false,
  })
  assert.deepEqual(tool('refund').inputSchema, {
    type: 'object',
    properties: {},
    required: [],
    additionalProperties: false,
  })
})

test('arguments go where they belong, and none of them leaves its place in the path', async (t) => {
  const { session, shop } = await setUpShopSession(t)
  const calls: string[] = []
  shop.upstream = (request, response) => {
    calls.push(`${request.method} ${request.url} ${request.headers['idempotency-key'] ?? ''}`)
    response.end()
  }
  const [tool] = defineTools(session, {
    move: {
      description: 'Move an item',
      method: 'PUT',
      path: '/carts/{cart}/items/{item}?v=1',
      where: { dry: 'query', tags: 'query', 'idempotency-key': 'header' },
      input: {
        type: 'object',
        properties: { cart: {}, item: {}, dry: {}, tags: {}, count: {}, 'idempotency-key': {} },
      },
    },
  })
  const args = { cart: 'a/../b', item: 7, dry: true, tags: ['x', 'y'], 'idempotency-key': 'k1' }
  assert.equal((await tool?.call(args))?.ok, true)
  assert.deepEqual(calls, ['PUT /carts/a%2F..%2Fb/items/7?v=1&dry=true&tags=x&tags=y k1'])
  for (const cart of ['..', '.', '', undefined, null]) {
    const answer = await tool?.call({ ...args, cart })
    assert.equal(answer?.ok === false && answer.error.code, 'ARGUMENT_INVALID', String(cart))
  }
  assert.equal(calls.length, 1)
})

test('arguments that the schema refuses come back to the model, and nothing is sent', async (t) => {
  const { tool, called } = await setUpTools(t)
  for (const args of [{ q: 7 }, {}, undefined, 'tea', null]) {
    const answer = await tool('search_products').call(args)
    assert.equal(answer.ok === false && answer.error.code, 'ARGUMENT_INVALID')
  }
  for (const args of [[], {}, { product: 'tea' }, { product: 'tea', count: 1, price: 0 }]) {
    const answer = await tool('place_order').call(args)
    assert.equal(answer.ok === false && answer.error.code, 'ARGUMENT_INVALID')
  }
  assert.deepEqual(called, [])
})

test('a tool that models could not use is refused when it is defined', async (t) => {
  const { session } = await setUpShopSession(t)
  const bad: Readonly<Record<string, ToolDefinition>> = {
    'get product': { description: '', method: 'GET', path: '/' },
    missing: {
      description: '',
      method: 'GET',
      path: '/{id}',
      input: { type: 'object', properties: {} },
    },
    text: { description: '', method: 'GET', path: '/', input: z.string() },
  }
  for (const [name, definition] of Object.entries(bad))
    assert.throws(
      () => defineTools(session, { [name]: definition }),
      (error) => error instanceof AthError && error.code === 'ARGUMENT_INVALID',
      name,
    )
})

test('a call that the user must confirm is theirs to see: by default the tool waits for them', async (t) => {
  const shown: string[] = []
  const onStepUp = ({ confirmUrl }: { readonly confirmUrl: string }) => {
    shown.push(confirmUrl)
    shop.stepUp.answer = 'confirmed'
  }
  const { shop, tool } = await setUpTools(t, {}, { onStepUp })
  shop.stepUp.needs = ({ method }) => method === 'POST'
  const answer = await tool('place_order').call({ product: 'tea', count: 2 })
  assert.deepEqual(answer, { ok: true, value: { order: 'o1' } })
  assert.deepEqual(shown, [`${shop.url}/ath/confirm/${shop.stepUp.asked[0]}`])
})

test('where nobody waits the page is in the result, and the same call goes through once it is confirmed', async (t) => {
  const { shop, tool, called } = await setUpTools(t, { onStepUp: 'refuse' })
  shop.stepUp.needs = ({ method }) => method === 'POST'
  const order = { product: 'tea', count: 2 }
  const place = () => tool('place_order').call(order)
  const first = await place()
  assert.ok(!first.ok)
  assert.equal(first.error.code, 'STEP_UP_REQUIRED')
  assert.equal(first.error.url, `${shop.url}/ath/confirm/${shop.stepUp.asked[0]}`)
  assert.match(first.error.fix, /show the user this page/)
  const second = await place()
  assert.equal(second.ok === false && second.error.url, first.error.url)
  shop.stepUp.answer = 'confirmed'
  // Another order is another question.
  const other = await tool('place_order').call({ product: 'tea', count: 3 })
  assert.equal(other.ok === false && other.error.code, 'STEP_UP_REQUIRED')
  assert.deepEqual(await place(), { ok: true, value: { order: 'o1' } })
  assert.equal(shop.stepUp.asked.length, 2)
  assert.deepEqual(called, ['POST /orders {"product":"tea","count":2}'])
  assert.equal((await place()).ok, false, 'one confirmation is for one order')
})

test('a session that was taken back tells the model so', async (t) => {
  const { session, tool } = await setUpTools(t)
  await session.revoke()
  const answer = await tool('get_product').call({ id: 'tea' })
  assert.equal(answer.ok === false && answer.error.code, 'TOKEN_REVOKED')
})

test('an abort is no answer', async (t) => {
  const { tool } = await setUpTools(t)
  const signal = AbortSignal.abort(new Error('stopped'))
  await assert.rejects(tool('get_product').call({ id: 'tea' }, { signal }), /stopped/)
})
