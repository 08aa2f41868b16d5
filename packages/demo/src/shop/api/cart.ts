import express, { type Router } from 'express'
import { allow, shopperOf } from '../people/identify.ts'
import type { Shop } from '../shop.ts'
import { cartAnswer } from './answers.ts'
import { readItem, readObject } from './body.ts'

export function cartRoutes({ carts, shelf }: Shop): Router {
  const routes = express.Router()
  routes.get('/', allow('cart:read'), (request, response) => {
    response.json(cartAnswer(carts.of(shopperOf(request).id)))
  })
  routes.post('/items', allow('cart:write'), (request, response) => {
    const { id, hand } = shopperOf(request)
    const { productId, quantity } = readItem(readObject(request))
    const product = shelf.product(productId)
    shelf.expect(productId, quantity)
    carts.add(id, { product, quantity, addedBy: hand })
    response.status(201).json(cartAnswer(carts.of(id)))
  })
  routes.delete('/items/:item', allow('cart:write'), (request, response) => {
    const { id } = shopperOf(request)
    carts.change(id, String(request.params['item']), 0)
    response.json(cartAnswer(carts.of(id)))
  })
  return routes
}
