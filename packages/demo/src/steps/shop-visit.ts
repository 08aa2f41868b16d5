import { setTimeout as wait } from 'node:timers/promises'
import type { AthError } from '@ath-protocol/client'
import { expectAll, type Step } from '../run/step.ts'
import { shopId, shopSession, type PlacedOrder } from './shop-scene.ts'
import { describeRefusal, refusalOf, type Stage } from './stage.ts'

const wanted = ['products:read', 'cart:read', 'cart:write', 'orders:read', 'orders:write']
const keptBack = 'orders:read'

export const findTheShop: Step<Stage> = {
  name: 'shop_discover_and_register',
  title: { en: 'a shop that speaks ATH itself', zh: '自己支持 ATH 的商店' },
  expected: 'approved',
  async run({ shop, world, text }) {
    const { assistant, doors } = shop
    const found = await assistant.discover()
    const registration = await assistant.register({
      scopes: wanted,
      developer: world.agents.office.developer,
      purpose: '采购办公用品 buy what the office needs',
    })
    const [approved] = registration.approved_providers
    return expectAll(
      registration.agent_status,
      {
        'it names itself': found.app_id === shopId,
        'its API is where it says': found.api_base === `${doors.url}/api`,
        'both handshakes are offered': found['handshake_endpoint'] !== undefined,
        'the agent is approved': registration.agent_status === 'approved',
        'for everything it asked for': approved?.approved_scopes.length === wanted.length,
      },
      [
        text({
          en: `no gateway: ${doors.url}/.well-known/ath-app.json; three lines in an Express app`,
          zh: `没有网关：${doors.url}/.well-known/ath-app.json；Express 应用只加了三行`,
        }),
      ],
    )
  },
}

export const allowShopping: Step<Stage> = {
  name: 'shop_consent',
  title: { en: 'wang lets it shop, and keeps back', zh: 'wang 同意购物，保留一项' },
  expected: `all but ${keptBack}`,
  async run({ shop, obtain, text }) {
    const session = await obtain(
      shop.assistant,
      { scopes: wanted },
      {
        approve: true,
        untick: [keptBack],
        tick: wanted.filter((scope) => scope !== keptBack),
      },
    )
    shop.sessions[0] = session
    const missing = wanted.filter((scope) => !session.scopes.includes(scope))
    return expectAll(`all but ${missing.join(' ')}`, { 'one is missing': missing.length === 1 }, [
      text({
        en: 'asked on the shop’s page, then by the shop’s own OAuth server, as for any app',
        zh: '先在商店的页面确认，再由商店自己的 OAuth 服务器确认，与普通应用一样',
      }),
    ])
  },
}

export const buyUmbrellas: Step<Stage> = {
  name: 'shop_order',
  title: { en: 'browse, fill the cart, order', zh: '浏览、加入购物车、下单' },
  expected: '¥258',
  async run({ shop, world, text }) {
    const session = shopSession(shop)
    const { products } = await session.api<{ readonly products: readonly { id: string }[] }>(
      'GET',
      `/products?q=${encodeURIComponent('雨伞')}`,
    )
    const cart = await session.api<{ readonly version: string }>('POST', '/cart/items', {
      product_id: products[0]?.id,
      quantity: 2,
    })
    const order = await session.api<PlacedOrder>('POST', '/orders', { cart: cart.version })
    return expectAll(
      `¥${order.total}`,
      {
        'one product was found': products.length === 1,
        'the shop worked out the total': order.total === 258,
        'the shop knows whose hand it was': order.placed_by.name === world.agents.office.name,
      },
      [
        text({
          en: `${order.id}, placed by ${order.placed_by.name}: the route’s handler knows from req.ath`,
          zh: `${order.id}，由 ${order.placed_by.name} 下单：处理函数从 req.ath 得知`,
        }),
      ],
    )
  },
}

const binoculars = { items: [{ product_id: 'binoculars', quantity: 1 }] }

export const confirmLargeOrder: Step<Stage> = {
  name: 'shop_step_up',
  title: { en: 'above ¥500 wang has to confirm', zh: '超过 ¥500 须本人确认' },
  expected: '401 STEP_UP_REQUIRED, then ¥680',
  async run({ shop, person, text }) {
    const session = shopSession(shop)
    const repeat = (id: string) =>
      session.api<PlacedOrder>('POST', '/orders', binoculars, {
        onStepUp: 'refuse',
        headers: { 'x-ath-step-up': id },
      })
    let id = ''
    let early: AthError | undefined
    const order = await session.api<PlacedOrder>('POST', '/orders', binoculars, {
      onStepUp: async (asked) => {
        id = asked.id
        early = await refusalOf(repeat(id))
        await person.answer(asked.confirmUrl, { approve: true })
      },
    })
    const again = await refusalOf(repeat(id))
    return expectAll(
      `${early ? describeRefusal(early) : 'not asked'}, then ¥${order.total}`,
      {
        'before her answer it waits': early?.details['reason'] === 'step_up_pending',
        'the shop knows that she confirmed': order.confirmed === true,
        'her yes counts once': again.details['reason'] === 'step_up_required',
      },
      [
        text({
          en: 'she read what is ordered, having signed in anew; her yes is to that request alone, once',
          zh: '重新登录后，她看到的就是订购内容；同意只对这一个请求、一次有效',
        }),
      ],
    )
  },
}

export const shopByProxy: Step<Stage> = {
  name: 'shop_by_proxy',
  title: { en: 'the shop’s own log-in, unchanged', zh: '商店原有登录不变' },
  expected: '201 by shop-agents; 401 STEP_UP_REQUIRED',
  async run({ shop, world, text }) {
    const { accessToken, agentId } = shopSession(shop)
    const proxied = (path: string, body: unknown) =>
      fetch(`${shop.doors.url}/ath/proxy/shop${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${accessToken}`,
          'x-ath-agent-id': agentId,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      })
    const added = await proxied('/api/cart/items', { product_id: 'enamel-mug', quantity: 6 })
    const { items } = (await added.json()) as Cart
    const by = items.find(({ id }) => id === 'enamel-mug')?.added_by.client_id
    const order = await proxied('/api/orders', binoculars)
    const { code } = (await order.json()) as { readonly code?: string }
    return expectAll(
      `${added.status} by ${by}; ${order.status} ${code}`,
      {
        'the shop saw its own OAuth client': by === world.idp.shopAgents.clientId,
        'a large order waits for wang on this way, too': code === 'STEP_UP_REQUIRED',
      },
      [
        text({
          en: 'the agent’s token became wang’s own OAuth token on the way; the shop asked its OAuth server about it',
          zh: '途中智能体的令牌换成了 wang 自己的 OAuth 令牌；商店照常向 OAuth 服务器核验',
        }),
      ],
    )
  },
}

interface Cart {
  readonly items: readonly {
    readonly id: string
    readonly added_by: { readonly client_id?: string }
  }[]
}

export const keptBackStays: Step<Stage> = {
  name: 'shop_scope_refused',
  title: { en: 'what wang kept back', zh: 'wang 保留的权限' },
  expected: '403 SCOPE_NOT_APPROVED',
  async run({ shop, text }) {
    const refusal = await refusalOf(shopSession(shop).api('GET', '/orders'))
    return expectAll(
      describeRefusal(refusal),
      { 'the orders stay hers': refusal.code === 'SCOPE_NOT_APPROVED' },
      [
        text({
          en: `GET /api/orders needs ${keptBack}`,
          zh: `GET /api/orders 需要 ${keptBack}`,
        }),
      ],
    )
  },
}

export const seenByWang: Step<Stage> = {
  name: 'shop_my_orders',
  title: { en: 'wang looks at her orders', zh: 'wang 查看自己的订单' },
  expected: '¥258 and ¥680, by whom and for whom',
  async run({ shop, person, world, text }) {
    const page = await person.look(
      `${shop.doors.url}/orders`,
      text({ en: 'and read who placed what', zh: '看看是谁下的单' }),
    )
    // Somebody who looks for themselves is the judge of it.
    const shows = (words: string) => page === undefined || page.includes(words)
    return expectAll(
      `${['¥258', '¥680'].filter(shows).join(' and ')}, by whom and for whom`,
      {
        'both orders are there': shows('¥258') && shows('¥680'),
        'she confirmed it': shows('Confirmed by you'),
        'it says which agent': shows(`Placed for you by ${world.agents.office.name}`),
        'and for whom': shows('王晓 Wang Xiao'),
      },
      [`${shop.doors.url}/orders`],
    )
  },
}

export const leaveTheShop: Step<Stage> = {
  name: 'shop_revoke',
  title: { en: 'the shop: revoke, then call', zh: '商店：撤销后再调用' },
  expected: '401 TOKEN_REVOKED',
  async run({ shop, world, text }) {
    const session = shopSession(shop)
    const before = world.idp.revocations()
    await session.revoke()
    const refusal = await refusalOf(session.api('GET', '/products'))
    // The OAuth server hears of it beside the answer, so it may take a moment.
    for (let tries = 0; tries < 40 && world.idp.revocations() === before; tries++) await wait(50)
    return expectAll(
      describeRefusal(refusal),
      {
        'the token is worth nothing': refusal.status === 401 && refusal.code === 'TOKEN_REVOKED',
        'the OAuth server was told': world.idp.revocations() > before,
        'the shop keeps a record of it all': shop.doors.records.length > 15,
      },
      [
        text({
          en: `${shop.doors.records.length} decisions on the shop’s own record`,
          zh: `商店自己的记录中有 ${shop.doors.records.length} 条决定`,
        }),
      ],
    )
  },
}
