import express, { type Router } from 'express'
import type { Shop } from '../shop.ts'
import { productAnswer } from './answers.ts'

/** Everybody may look. */
export function productRoutes({ shelf }: Shop): Router {
  const routes = express.Router()
  routes.get('/', ({ query }, response) => {
    const words = typeof query['q'] === 'string' ? query['q'] : ''
    response.json({ products: shelf.search(words).map((found) => productAnswer(found, shelf)) })
  })
  routes.get('/:id', ({ params }, response) => {
    response.json(productAnswer(shelf.product(params.id), shelf))
  })
  return routes
}
