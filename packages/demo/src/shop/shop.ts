import type { ExpressAth } from '@ath-protocol/server/express'
import express, { type Express } from 'express'
import { apiErrors, apiRoutes } from './api/api.ts'
import { createShelf, type Shelf } from './catalogue/shelf.ts'
import { type Carts, createCarts } from './orders/carts.ts'
import { createOrders, type Orders } from './orders/orders.ts'
import { pageErrors, pageRoutes } from './pages/pages.ts'
import { createIdentify, type ShopScope } from './people/identify.ts'
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
  /** `ath(…)`, where agents may come. Without it they may not. */
  readonly agents?: ExpressAth<ShopScope> | undefined
}

/** What the routes stand on. */
export interface Shop {
  readonly url: string
  readonly shelf: Shelf
  readonly carts: Carts
  readonly orders: Orders
  readonly sessions: Expiring<Session>
  readonly idp: IdentityProvider
  readonly agents: ExpressAth<ShopScope> | undefined
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
    agents: options.agents,
  }
  const app = express()
  app.disable('x-powered-by')
  if (shop.agents) app.use(shop.agents)
  app.use(createIdentify(shop))
  app.use('/api', apiRoutes(shop))
  app.use('/api', apiErrors)
  app.use(pageRoutes(shop))
  app.use(pageErrors(shop))
  return app
}
