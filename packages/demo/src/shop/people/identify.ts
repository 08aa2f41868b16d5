import type { Request, RequestHandler } from 'express'
import { Refused } from '../refused.ts'
import { readCookie } from './cookie.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { isFromOwnPages } from './own-pages.ts'
import type { Expiring, Session } from './sessions.ts'
import type { Shopper } from './shopper.ts'

declare global {
  namespace Express {
    interface Request {
      /** Whose request it is; absent for somebody who only looks around. */
      shopper?: Shopper
      /** The browser session, where the request came with one. */
      signedIn?: Session
      /** What an app's access token is good for; absent for the person themselves. */
      tokenScopes?: readonly string[]
    }
  }
}

/** What the shop lets apps do with a person's access token. */
export const shopScopes = {
  'products:read': { en: 'look at the products', zh: '查看商品' },
  'cart:read': { en: 'look into your cart', zh: '查看购物车' },
  'cart:write': { en: 'change your cart', zh: '修改购物车' },
  'orders:read': { en: 'see your orders', zh: '查看订单' },
  'orders:write': { en: 'place orders in your name', zh: '以您的名义下单' },
} as const

export type ShopScope = keyof typeof shopScopes

export const sessionCookie = '__Host-shop_session'

interface IdentifyOptions {
  readonly sessions: Expiring<Session>
  readonly idp: IdentityProvider
  readonly url: string
}

/** Finds out whose request it is: by an access token where one was sent, else by the browser's session. */
export function createIdentify({ sessions, idp, url }: IdentifyOptions): RequestHandler {
  return async (request, _response, next) => {
    const { authorization } = request.headers
    // An agent's token is not one of the accounts'; whose request it is has been found out.
    if (request.ath) return next()
    if (authorization !== undefined) await identifyApp(request, authorization, idp)
    else {
      const session = sessions.find(readCookie(request, sessionCookie))
      if (session) identifyPerson(request, session, url)
    }
    next()
  }
}

async function identifyApp(request: Request, authorization: string, idp: IdentityProvider) {
  const [, value] = /^Bearer ([\w\-.~+/]+=*)$/i.exec(authorization) ?? []
  const token = value === undefined ? undefined : await idp.introspect(value)
  if (!token) throw new Refused(401, 'invalid_token', 'the access token is not valid here')
  request.shopper = { id: token.shopperId, hand: { kind: 'app', clientId: token.clientId } }
  request.tokenScopes = token.scopes
}

/** Browsers send cookies along whoever made them ask; what changes something has to come from our own pages. */
function identifyPerson(request: Request, session: Session, url: string) {
  if (!['GET', 'HEAD'].includes(request.method) && !isFromOwnPages(request, url))
    throw new Refused(403, 'cross_site', 'this has to be sent from the shop’s own pages')
  request.shopper = { id: session.shopperId, hand: { kind: 'person' } }
  request.signedIn = session
}

/** Lets on whoever is known, and an app only with the scope. What an agent may do was decided before. */
export function allow(scope: ShopScope): RequestHandler {
  return (request, _response, next) => {
    shopperOf(request)
    if (!request.ath && request.tokenScopes && !request.tokenScopes.includes(scope))
      throw new Refused(403, 'insufficient_scope', `the access token lacks \`${scope}\``, { scope })
    next()
  }
}

/** Whose cart and orders a request is about: an agent's person, or whoever came themselves. Throws `sign_in`. */
export function shopperOf({ ath, shopper }: Request): Shopper {
  if (ath?.user.subject !== undefined)
    return { id: ath.user.subject, hand: { kind: 'agent', id: ath.agent.id, name: ath.agent.name } }
  if (ath || !shopper) throw new Refused(401, 'sign_in', 'sign in, or send an access token')
  return shopper
}
