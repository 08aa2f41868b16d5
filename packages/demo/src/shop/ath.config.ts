import { type AthOptions, defineAth } from '@ath-protocol/server'
import { shopScopes, type ShopScope } from './people/identify.ts'

export type ShopAthOptions = Pick<AthOptions<ShopScope>, 'agents' | 'audit' | 'log'> & {
  readonly url: string
  /** The OAuth server that the shop's people have their accounts at, and who the shop's agents are to it. */
  readonly oauth: {
    readonly issuer: string
    readonly clientId: string
    readonly clientSecret: string
  }
}

const describe = (scope: ShopScope) => `${shopScopes[scope].en} ${shopScopes[scope].zh}`

/** How agents come to the shop. */
export const shopAth = ({ oauth, ...options }: ShopAthOptions) =>
  defineAth<ShopScope>({
    ...options,
    appId: 'example.blueharbour.shop',
    name: 'Blue Harbour shop 蓝港商店',
    apiBase: '/api',
    scopes: {
      'products:read': {
        routes: ['GET /api/products/**'],
        description: describe('products:read'),
        risk: 'low',
      },
      'cart:read': {
        routes: ['GET /api/cart'],
        description: describe('cart:read'),
        risk: 'low',
      },
      'cart:write': {
        routes: ['POST /api/cart/items', 'DELETE /api/cart/items/*'],
        description: describe('cart:write'),
        risk: 'low',
      },
      'orders:read': { routes: ['GET /api/orders'], description: describe('orders:read') },
      'orders:write': { routes: ['POST /api/orders'], description: describe('orders:write') },
    },
    oauth: {
      ...oauth,
      extraScopes: ['openid', 'offline_access'],
      // The accounts ask anew for every agent, whatever was allowed to another.
      authorizationParameters: { prompt: 'consent' },
    },
  })
