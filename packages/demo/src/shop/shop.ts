import express, { type Express } from 'express'
import { apiErrors, apiRoutes } from './api/api.ts'
import { createShelf, type Shelf } from './catalogue/shelf.ts'
import { type Carts, createCarts } from './orders/carts.ts'
import { createOrders, type Orders } from './orders/orders.ts'
import { pageErrors, pageRoutes } from './pages/pages.ts'
import { createIdentify } from './people/identify.ts'
import {
  createIdentityProvider,
  type IdentityProvider,
  type IdentityProviderOptions,
} from './people/identity-provider.ts'
import { createExpiring, type Expiring, type Session } from './people/sessions.ts'

export interface ShopOptions {
  /** Where people reach it: an origin, without a trailing slash. */
  readonly url: string
  /** The company's accounts. Redirect URI: `{url}/sign-in/callback`. */
  readonly idp: IdentityProviderOptions
}

/** What the routes stand on. */
export interface Shop {
  readonly url: string
  readonly shelf: Shelf
  readonly carts: Carts
  readonly orders: Orders
  readonly sessions: Expiring<Session>
  readonly idp: IdentityProvider
}

/** Blue Harbour 蓝港: a small shop with pages for people and an API for apps. Everything is in memory. */
export function createShop(options: ShopOptions): Express {
  const shelf = createShelf()
  const carts = createCarts()
  const shop: Shop = {
    url: options.url,
    shelf,
    carts,
    orders: createOrders(shelf, carts),
    sessions: createExpiring(10_000),
    idp: createIdentityProvider(options.idp),
  }
  const app = express()
  app.disable('x-powered-by')
  app.use(createIdentify(shop))
  app.use('/api', apiRoutes(shop))
  app.use('/api', apiErrors)
  app.use(pageRoutes(shop))
  app.use(pageErrors(shop))
  return app
}
