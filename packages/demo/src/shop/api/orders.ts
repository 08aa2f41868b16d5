import type { ExpressAth } from '@ath-protocol/server/express'
import express, { type Request, type RequestHandler, type Router } from 'express'
import { type Draft, isLarge, type Orders } from '../orders/orders.ts'
import { sayPrice } from '../money.ts'
import { allow, shopperOf, type ShopScope } from '../people/identify.ts'
import { Refused } from '../refused.ts'
import type { Shop } from '../shop.ts'
import { orderAnswer } from './answers.ts'
import { readItem, readObject } from './body.ts'

declare global {
  namespace Express {
    interface Request {
      /** What this request would order, and what that costs. */
      draft?: Draft
    }
  }
}

export function orderRoutes({ orders, agents }: Shop): Router {
  const guard = guardWith(agents)
  const routes = express.Router()
  routes.get('/', allow('orders:read'), (request, response) => {
    response.json({ orders: orders.of(shopperOf(request).id).map(orderAnswer) })
  })
  routes.post(
    '/',
    allow('orders:write'),
    draftOrder(orders),
    guard('orders:write', { stepUp: (request) => isLarge(draftOf(request)), describe: sayDraft }),
    (request, response) => {
      const draft = draftOf(request)
      const confirmed = request.ath !== undefined && isLarge(draft)
      const order = orders.place(shopperOf(request), draft, confirmed)
      response.status(201).location('/orders').json(orderAnswer(order))
    },
  )
  return routes
}

/** Works out what is ordered before anybody decides about it: by name, or the cart as it was last read. */
function draftOrder(orders: Orders): RequestHandler {
  return (request, _response, next) => {
    const { items, cart } = readObject(request)
    if (typeof cart === 'string' && items === undefined)
      request.draft = orders.draftFromCart(shopperOf(request).id, cart)
    else if (Array.isArray(items) && items.length > 0 && items.length <= 20 && cart === undefined)
      request.draft = orders.draftOf(items.map(readItem))
    else
      throw new Refused(
        400,
        'bad_request',
        'say either `items`, 1 to 20 of `{ product_id, quantity }`, or `cart`, the `version` of the cart as you read it',
      )
    next()
  }
}

/** What a person is asked to confirm. They may read either language. */
function sayDraft(request: Request): string {
  const { lines, totalFen } = draftOf(request)
  const goods = lines.map(
    ({ product: { name }, quantity }) => `${name.zh} ${name.en} × ${quantity}`,
  )
  return `${sayPrice(totalFen)}: ${goods.join(', ')}`
}

/** Guards of a route for agents; people and apps go on to the shop's own rules. */
const guardWith =
  (agents: Shop['agents']) =>
  (...[scope, options]: Parameters<ExpressAth<ShopScope>['requireScope']>): RequestHandler =>
    agents?.requireScope(scope, { ...options, others: 'next' }) ??
    ((_request, _response, next) => next())

function draftOf({ draft }: Request): Draft {
  if (!draft) throw new Error('no order was drafted')
  return draft
}
