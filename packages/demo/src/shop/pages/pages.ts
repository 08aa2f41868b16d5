import express, { type ErrorRequestHandler, type Router } from 'express'
import { readError } from '../api/api.ts'
import { html } from '../html.ts'
import { shopperOf } from '../people/identify.ts'
import { signInPath } from '../people/return-to.ts'
import { Refused } from '../refused.ts'
import type { Shop } from '../shop.ts'
import { browsePage } from './browse.ts'
import { cartPage, checkoutPage } from './cart.ts'
import { checkForm, readField, sessionOf } from './form.ts'
import { languageOf, rememberLanguage } from './language.ts'
import { ordersPage } from './orders.ts'
import { createSendPage, icon } from './page.ts'
import { productPage } from './product.ts'
import { signInRoutes } from './sign-in.ts'
import { say, sayRefusal } from './words.ts'

/** The pages for people: links and forms, no script. */
export function pageRoutes(shop: Shop): Router {
  const { shelf, carts, orders } = shop
  const sendPage = createSendPage(shop)
  const routes = express.Router()
  routes.use(express.urlencoded({ extended: false, limit: '16kb' }), rememberLanguage)
  routes.get('/icon.svg', (_request, response) => {
    response.set('cache-control', 'public, max-age=86400').type('svg').send(icon)
  })
  routes.use(signInRoutes(shop, sendPage))

  routes.get('/', (request, response) => {
    const words = typeof request.query['q'] === 'string' ? request.query['q'].slice(0, 100) : ''
    const language = languageOf(request)
    const body = browsePage(language, { shelf, words })
    sendPage(request, response, { title: say(language, 'products'), here: 'products', body })
  })
  routes.get('/products/:id', (request, response) => {
    const product = shelf.product(request.params.id)
    const language = languageOf(request)
    const body = productPage(language, {
      product,
      stock: shelf.stock(product.id),
      session: request.signedIn,
      added: request.query['added'] !== undefined,
    })
    sendPage(request, response, { title: product.name[language], body })
  })

  // From here on, pages of one person: whoever is not signed in goes to do that, and comes back.
  routes.get(['/cart', '/checkout', '/orders'], (request, response, next) => {
    if (request.signedIn) return next()
    response.set('cache-control', 'no-store').redirect(signInPath(request.originalUrl))
  })
  routes.get('/cart', (request, response) => {
    const session = sessionOf(request)
    const language = languageOf(request)
    const body = cartPage(language, { cart: carts.of(session.shopperId), shelf, session })
    sendPage(request, response, { title: say(language, 'cart'), here: 'cart', body })
  })
  routes.get('/checkout', (request, response) => {
    const session = sessionOf(request)
    const language = languageOf(request)
    const body = checkoutPage(language, { cart: carts.of(session.shopperId), session })
    sendPage(request, response, { title: say(language, 'checkOutTitle'), here: 'cart', body })
  })
  routes.get('/orders', (request, response) => {
    const session = sessionOf(request)
    const language = languageOf(request)
    const placed = request.query['placed']
    const body = ordersPage(language, {
      orders: orders.of(session.shopperId),
      session,
      placed: typeof placed === 'string' ? placed : undefined,
    })
    sendPage(request, response, { title: say(language, 'orders'), here: 'orders', body })
  })

  routes.post('/cart/items', checkForm, (request, response) => {
    const { id, hand } = shopperOf(request)
    const product = shelf.product(readField(request, 'product_id'))
    const quantity = readQuantity(readField(request, 'quantity'), 1)
    shelf.expect(product.id, quantity)
    carts.add(id, { product, quantity, addedBy: hand })
    response.redirect(303, `/products/${product.id}?added`)
  })
  routes.post('/cart/items/:id', checkForm, (request, response) => {
    const quantity = readQuantity(readField(request, 'quantity'), 0)
    carts.change(shopperOf(request).id, String(request.params['id']), quantity)
    response.redirect(303, '/cart')
  })
  routes.post('/checkout', checkForm, (request, response) => {
    const shopper = shopperOf(request)
    const draft = orders.draftFromCart(shopper.id, readField(request, 'cart'))
    const { id } = orders.place(shopper, draft)
    response.redirect(303, `/orders?placed=${id}`)
  })
  routes.use(() => {
    throw new Refused(404, 'not_found', 'there is no such page')
  })
  return routes
}

function readQuantity(text: string, least: number): number {
  const quantity = /^\d{1,2}$/.test(text) ? Number(text) : -1
  if (quantity < least)
    throw new Refused(400, 'bad_request', `the quantity is a number from ${least} to 99`)
  return quantity
}

/** Last of all: what went wrong, as a page. */
export function pageErrors(shop: Shop): ErrorRequestHandler {
  const sendPage = createSendPage(shop)
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error)
    const { status, code } = readError(error)
    const language = languageOf(request)
    const signIn = code === 'sign_in' || code === 'sign_in_failed'
    const [href, label] = signIn
      ? ['/sign-in', say(language, 'signIn')]
      : code.startsWith('cart') || code === 'out_of_stock'
        ? ['/cart', say(language, 'toCart')]
        : ['/', say(language, 'showAll')]
    sendPage(request, response, {
      status,
      title: say(language, 'sorry'),
      body: html`<h1>${say(language, 'sorry')}</h1><p role="alert">${sayRefusal(language, code)}</p><p><a class="button" href="${href}">${label}</a></p>`,
    })
  }
}
