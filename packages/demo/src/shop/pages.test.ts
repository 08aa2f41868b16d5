import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, type BrowserContext, openBrowser, type Page } from '@sallyport/testing'
import { obtainAppToken } from '../world/app-token.ts'
import type { Idp } from '../world/idp.ts'
import { lookAt, press, signIn } from './shop-browser.ts'
import { type RunningShop, startShop } from './start-shop.ts'

let browser: Browser
let shop: RunningShop & { readonly idp: Idp }

before(async () => {
  browser = await openBrowser()
  shop = await startShop()
  // Something that an app did, so that the pages have it to show.
  const { accessToken } = await obtainAppToken(shop.idp, {
    client: shop.idp.shopAgents,
    redirectUri: `${shop.url}/ath/callback`,
    person: 'wang',
    scopes: ['orders:write'],
  })
  await fetch(`${shop.url}/api/orders`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ items: [{ product_id: 'brass-compass' }] }),
  })
})
after(async () => {
  await browser?.close()
  await shop?.close()
})

/** Everything a person does works without a script. */
async function open(
  use: (page: Page, context: BrowserContext) => Promise<void>,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<void> {
  const context = await browser.newContext({
    locale: 'en-GB',
    javaScriptEnabled: false,
    ...options,
  })
  context.setDefaultTimeout(15_000)
  try {
    await use(await context.newPage(), context)
  } finally {
    await context.close()
  }
}

const titleOf = (page: Page) => page.locator('h1').innerText()
const cookieOf = async (context: BrowserContext) =>
  (await context.cookies(shop.url)).find(({ name }) => name === '__Host-shop_session')

test('a person buys something with nothing but the keyboard', () =>
  open(async (page) => {
    await signIn(page, shop.url, 'li')
    await page.goto(`${shop.url}/products/logbook`)
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press('Tab')
        const focused = page.locator(':focus')
        if ((await focused.count()) === 1 && (await focused.innerText()).startsWith(text)) return
      }
      assert.fail(`the keyboard does not reach ${text}`)
    }
    const enter = () => Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
    await page.keyboard.press('Tab')
    assert.equal(await page.locator(':focus').innerText(), 'Skip to content')
    await tabTo('Add to cart')
    await enter()
    await tabTo('Go to the cart')
    await enter()
    await tabTo('Check out')
    await enter()
    await tabTo('Place order')
    await enter()
    assert.match(await page.locator('.note').innerText(), /Your order is placed/)
    const order = await page.locator('.order').first().innerText()
    assert.match(order, /Logbook[^]*¥45[^]*Placed by you/)
  }))

test('whoever wants to buy signs in first, and comes back to what they wanted', () =>
  open(async (page) => {
    await page.goto(`${shop.url}/products/thermos`)
    await press(page, 'main a.button')
    await page.fill('input[name=login]', 'chen')
    await page.fill('input[name=password]', 'chen')
    await press(page, 'button[value=login]')
    assert.equal(page.url(), `${shop.url}/products/thermos`)
    await page.selectOption('select[name=quantity]', '3')
    await press(page, '.buy button')
    await page.goto(`${shop.url}/cart`)
    assert.match(await page.locator('.lines').innerText(), /¥477 ¥159 each/)
    await page.selectOption('select[name=quantity]', '2')
    await press(page, '.edit button.quiet')
    assert.match(await page.locator('.grand').innerText(), /¥318/)
    await press(page, '.edit button.link')
    assert.match(await page.locator('main').innerText(), /Your cart is empty/)
  }))

test('my orders say which of them an app placed, and for whom', () =>
  open(async (page) => {
    await signIn(page, shop.url, 'wang')
    await page.goto(`${shop.url}/orders`)
    const order = await page.locator('.order').last().innerText()
    assert.match(order, /Brass pocket compass[^]*¥268[^]*Placed by an app you allowed/)
    assert.match(order, /王晓 Wang Xiao/)
    assert.match(order, /shop-agents/)
  }))

test('the pages speak the browser’s language, or the one that was chosen, also on the next page', async () => {
  await open(
    async (page) => {
      await page.goto(shop.url)
      assert.equal(await titleOf(page), '经得起海风的好物')
      await press(page, 'a[hreflang=en]')
      assert.equal(await titleOf(page), 'Things that last at sea')
      await page.goto(`${shop.url}/products/raincoat`)
      assert.equal(await titleOf(page), 'Sailor’s raincoat')
    },
    { locale: 'zh-CN' },
  )
  await open(async (page) => {
    await page.goto(`${shop.url}/?q=tea&lang=zh`)
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN')
    assert.equal(await page.locator('.card').count(), 2)
  })
})

test('a page allows no script and no other site, and the session’s cookie only this one', () =>
  open(async (page, context) => {
    const answer = await page.goto(shop.url)
    const policy = answer?.headers()['content-security-policy'] ?? ''
    assert.match(policy, /^default-src 'none'; img-src 'self'; style-src 'sha256-/)
    assert.match(policy, /form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/)
    assert.doesNotMatch(policy, /script-src|unsafe/)
    assert.equal(answer?.headers()['x-powered-by'], undefined)
    await signIn(page, shop.url, 'zhou')
    const { secure, httpOnly, sameSite, path } = (await cookieOf(context)) ?? {}
    assert.deepEqual(
      { secure, httpOnly, sameSite, path },
      { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' },
    )
    await page.goto(`${shop.url}/?q=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`)
    assert.equal(await page.locator('img').count(), 0)
  }))

test('a form from elsewhere, or of another session, changes nothing', () =>
  open(async (page, context) => {
    await signIn(page, shop.url, 'zhou')
    await page.goto(`${shop.url}/products/enamel-mug`)
    const token = (await page.locator('.buy input[name=form_token]').getAttribute('value')) ?? ''
    const cookie = `__Host-shop_session=${(await cookieOf(context))?.value}`
    const add = async (headers: Record<string, string>, formToken: string, path = '/cart/items') =>
      fetch(`${shop.url}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, ...headers },
        body: new URLSearchParams({
          form_token: formToken,
          product_id: 'enamel-mug',
          quantity: '1',
        }),
      })
    const own = { origin: shop.url, 'sec-fetch-site': 'same-origin' }
    for (const [headers, formToken] of [
      [{}, token],
      [{ origin: 'https://elsewhere.example' }, token],
      [{ origin: 'null' }, token],
      [{ ...own, 'sec-fetch-site': 'same-site' }, token],
      [own, ''],
      [own, 'x'.repeat(token.length)],
    ] as const)
      assert.equal((await add(headers, formToken)).status, 403, JSON.stringify(headers))
    const byApi = await fetch(`${shop.url}/api/cart/items`, {
      method: 'POST',
      headers: {
        cookie,
        origin: 'https://elsewhere.example',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ product_id: 'enamel-mug' }),
    })
    assert.equal(byApi.status, 403)
    const cart = () => fetch(`${shop.url}/api/cart`, { headers: { cookie } })
    assert.match(await (await cart()).text(), /"items":\[\]/)
    assert.equal((await add(own, token)).status, 303)
    assert.match(await (await cart()).text(), /enamel-mug/)
  }))

test('an order that is sent twice is placed once', () =>
  open(async (page, context) => {
    await signIn(page, shop.url, 'chen')
    await page.goto(`${shop.url}/products/laoshan-tea`)
    await press(page, '.buy button')
    await page.goto(`${shop.url}/checkout`)
    const second = await context.newPage()
    await second.goto(`${shop.url}/checkout`)
    const before = await countOrders(context)
    await press(page, 'main form button')
    await press(second, 'main form button')
    assert.match(await second.locator('main').innerText(), /Your cart is empty/)
    assert.equal(await countOrders(context), before + 1)
  }))

async function countOrders(context: BrowserContext): Promise<number> {
  const page = await context.newPage()
  await page.goto(`${shop.url}/orders`)
  const count = await page.locator('.order').count()
  await page.close()
  return count
}

test('a cart that changed since it was looked at is not ordered', () =>
  open(async (page, context) => {
    await signIn(page, shop.url, 'li')
    await page.goto(`${shop.url}/products/thermos`)
    await press(page, '.buy button')
    await page.goto(`${shop.url}/checkout`)
    const second = await context.newPage()
    await second.goto(`${shop.url}/products/raincoat`)
    await press(second, '.buy button')
    await press(page, 'main form button')
    assert.match(await page.locator('main').innerText(), /Your cart changed in the meantime/)
  }))

test('signing out ends the session, also for whoever kept its cookie', () =>
  open(async (page, context) => {
    await signIn(page, shop.url, 'zhou')
    const cookie = `__Host-shop_session=${(await cookieOf(context))?.value}`
    const orders = async () =>
      (await fetch(`${shop.url}/orders`, { redirect: 'manual', headers: { cookie } })).status
    assert.equal(await orders(), 200)
    await press(page, 'header form button')
    assert.equal(await titleOf(page), 'You are signed out')
    assert.equal(await cookieOf(context), undefined)
    assert.equal(await orders(), 302)
    await press(page, 'main a:not(.button)')
    assert.equal(await page.locator('input[name=login]').count(), 1)
  }))

test('an answer to a sign-in that was not begun here, or to another one, signs nobody in', () =>
  open(async (page, context) => {
    const stray = await page.goto(`${shop.url}/sign-in/callback?code=x&state=y`)
    assert.equal(stray?.status(), 400)
    await page.goto(`${shop.url}/sign-in?return_to=${encodeURIComponent('//elsewhere.example')}`)
    const forged = await page.goto(`${shop.url}/sign-in/callback?code=x&state=forged`)
    assert.equal(forged?.status(), 400)
    assert.equal(await titleOf(page), 'That did not work')
    assert.equal(await cookieOf(context), undefined)
    await page.goto(`${shop.url}/sign-in?return_to=${encodeURIComponent('//elsewhere.example')}`)
    await page.fill('input[name=login]', 'chen')
    await page.fill('input[name=password]', 'chen')
    await press(page, 'button[value=login]')
    assert.equal(page.url(), `${shop.url}/`)
  }))

test('what is not there is a page that says so, in both languages', async () => {
  const english = await fetch(`${shop.url}/products/submarine`)
  assert.equal(english.status, 404)
  assert.match(await english.text(), /We do not have that product/)
  const chinese = await fetch(`${shop.url}/nowhere`, { headers: { 'accept-language': 'zh' } })
  assert.equal(chinese.status, 404)
  assert.match(await chinese.text(), /没有这个页面/)
})

/** Every kind of page that people meet, by whether somebody is signed in. */
const looking = {
  browse: '/',
  'nothing-found': '/?q=submarine',
  product: '/products/wool-blanket',
  'sold-out': '/products/captains-hat',
  'signed-out': '/signed-out',
  'not-found': '/nowhere',
}
const shopping = {
  'empty-cart': '/cart',
  'can-buy': '/products/wool-blanket',
  added: '/products/wool-blanket?added',
  cart: '/cart',
  checkout: '/checkout',
  orders: '/orders',
}

for (const locale of ['en-GB', 'zh-CN'])
  test(`every page (${locale}) is accessible and fits on a phone and on a desk, by day and by night`, () =>
    open(
      async (page) => {
        for (const [name, path] of Object.entries(looking))
          await lookAt(page, `${name}-${locale}`, `${shop.url}${path}`)
        await signIn(page, shop.url, 'wang')
        for (const [name, path] of Object.entries(shopping)) {
          await lookAt(page, `${name}-${locale}`, `${shop.url}${path}`)
          if (name === 'can-buy') await press(page, '.buy button')
        }
        await page.goto(`${shop.url}/cart`)
        await press(page, '.edit button.link')
      },
      // axe has to be put into the page, which allows no script.
      { locale, javaScriptEnabled: true, bypassCSP: true },
    ))
