import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { AgentOptions, AtService } from '@ath-protocol/client'
import { defineTools, type ToolOptions } from '@ath-protocol/client/tools'
import { z } from 'zod'
import { setUpShopSession } from './setup.ts'

const tea = { id: 'tea', name: 'Green tea', price: 4 }

/** A shop's API and the tools of an agent for it, with every kind of schema. */
export async function setUpTools(
  t: TestContext,
  options: ToolOptions = {},
  changes: Partial<AgentOptions & AtService> = {},
) {
  const bench = await setUpShopSession(t, changes)
  const { shop, session } = bench
  const called: string[] = []
  shop.upstream = async (request, response) => {
    const body = shop.stepUp.confirmed.at(-1) ?? (await text(request))
    called.push(`${request.method} ${request.url}${body && ` ${body}`}`)
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    switch (`${request.method} ${request.url?.split('?')[0]}`) {
      case 'GET /products':
        return json(200, [tea])
      case 'GET /products/tea':
        return json(200, tea)
      case 'POST /orders':
        return json(201, { order: 'o1' })
      case 'DELETE /cart':
        return response.writeHead(204).end()
      case 'POST /refunds':
        return json(403, {
          code: 'SCOPE_NOT_APPROVED',
          message: 'scope is not approved',
          fix: 'ask the operator',
          details: { rule: 'POST /refunds needs one of: refunds:write' },
        })
      default:
        return json(404, { error: 'no such product' })
    }
  }
  const tools = defineTools(
    session,
    {
      search_products: {
        description: 'Search what the shop sells',
        method: 'GET',
        path: '/products',
        input: z.object({
          q: z.string().describe('Words to look for'),
          max: z.number().optional(),
        }),
      },
      get_product: {
        description: 'One product by its id',
        method: 'GET',
        path: '/products/{id}',
      },
      place_order: {
        description: 'Order a product',
        method: 'POST',
        path: '/orders',
        input: {
          type: 'object',
          properties: { product: { type: 'string' }, count: { type: 'integer' } },
          required: ['product', 'count'],
        },
      },
      refund: { description: 'Give money back', method: 'POST', path: '/refunds' },
      empty_cart: { description: 'Empty the cart', method: 'DELETE', path: '/cart' },
    },
    options,
  )
  const tool = (name: string) => {
    const found = tools.find((one) => one.name === name)
    if (!found) throw new Error(`no tool ${name}`)
    return found
  }
  return { ...bench, tools, tool, called }
}

/** What a scripted model does, in order, in every framework. */
export const script = [
  { name: 'search_products', args: { q: 'tea' } },
  { name: 'get_product', args: { id: 'tea' } },
  { name: 'place_order', args: { product: 'tea', count: 2 } },
  { name: 'refund', args: {} },
  { name: 'get_product', args: { id: 'coffee' } },
] as const

/** What each of them brings back to the model. */
export const expected = [
  [tea],
  tea,
  { order: 'o1' },
  {
    error: {
      code: 'SCOPE_NOT_APPROVED',
      message: 'scope is not approved',
      rule: 'POST /refunds needs one of: refunds:write',
      fix: 'ask the operator',
      retryable: false,
      status: 403,
    },
  },
  {
    error: {
      code: 'HTTP_ERROR',
      message: 'the service answered 404',
      fix: 'see the status',
      retryable: false,
      status: 404,
      body: { error: 'no such product' },
    },
  },
] as const

export const expectedCalls = [
  'GET /products?q=tea',
  'GET /products/tea',
  'POST /orders {"product":"tea","count":2}',
  'POST /refunds {}',
  'GET /products/coffee',
]
