import express, { type ErrorRequestHandler, type Router } from 'express'
import { Refused } from '../refused.ts'
import type { Shop } from '../shop.ts'
import { cartRoutes } from './cart.ts'
import { orderRoutes } from './orders.ts'
import { productRoutes } from './products.ts'

/** Everything under `/api`: JSON in, JSON out, errors too. */
export function apiRoutes(shop: Shop): Router {
  const routes = express.Router()
  routes.use(express.json({ limit: '16kb' }))
  routes.use((_request, response, next) => {
    response.set('cache-control', 'no-store')
    next()
  })
  routes.use('/products', productRoutes(shop))
  routes.use('/cart', cartRoutes(shop))
  routes.use('/orders', orderRoutes(shop))
  routes.use(({ method, originalUrl }) => {
    const [path] = originalUrl.split('?')
    throw new Refused(404, 'not_found', `there is no \`${method} ${path}\` here`)
  })
  return routes
}

/** Last of all, for requests under `/api`. */
export const apiErrors: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error)
  const { status, code, message, details } = readError(error)
  const challenge = challenges[code]
  if (challenge) response.set('www-authenticate', challenge(details))
  response.status(status).json({ error: code, message, ...details })
}

/** RFC 6750 §3: an absent token is no error. */
const challenges: Readonly<Record<string, (details: Refused['details']) => string>> = {
  sign_in: () => 'Bearer',
  invalid_token: () => 'Bearer error="invalid_token"',
  insufficient_scope: ({ scope }) => `Bearer error="insufficient_scope", scope="${scope}"`,
}

/** A refusal as it is, a body that the parser refused in our words, and anything else without a word. */
export function readError(
  error: unknown,
): Pick<Refused, 'status' | 'code' | 'message' | 'details'> {
  if (error instanceof Refused) return error
  const { type, status } = (error ?? {}) as { readonly type?: unknown; readonly status?: unknown }
  if (typeof type === 'string' && typeof status === 'number' && status < 500)
    return new Refused(status, 'bad_request', `the body could not be read: ${type}`)
  return new Refused(500, 'internal_error', 'this did not work; nothing was ordered')
}
