import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessibilityFaults, type Browser, openBrowser } from '@sallyport/testing'
import { app, callbackUrl, startDevIdp } from './dev-idp-server.ts'

let browser: Browser
before(async () => {
  browser = await openBrowser()
})
after(() => browser.close())

const pageUrl = (issuer: string, lang: string) => {
  const url = new URL(`${issuer}/authorize`)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: callbackUrl,
    scope: 'openid profile offline_access products:read orders:write',
    resource: 'http://localhost:3000/api',
    state: 'st',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    lang,
  }).toString()
  return url.href
}

for (const [lang, untick, approve] of [
  ['en', /See products/, /Approve/],
  ['zh-CN', /See products/, /同意/],
] as const)
  test(`in a browser without JavaScript, a person signs in, unticks a box and approves (${lang})`, async (t) => {
    const { issuer } = await startDevIdp(t)
    const context = await browser.newContext({ javaScriptEnabled: false })
    t.after(() => context.close())
    const page = await context.newPage()
    await page.route('http://localhost:9/**', (route) =>
      route.fulfill({ body: 'back at the application' }),
    )
    await page.goto(pageUrl(issuer, lang))
    await page.getByLabel(/Li Min/).check()
    await page.getByLabel(untick).uncheck()
    await page.getByRole('button', { name: approve }).click()
    await page.waitForURL(`${callbackUrl}?**`)
    const back = new URL(page.url())
    assert.ok(back.searchParams.get('code'))
    assert.equal(back.searchParams.get('state'), 'st')
  })

for (const lang of ['en', 'zh-CN'])
  for (const colorScheme of ['light', 'dark'] as const)
    test(`the page is accessible, and applies its style (${lang}, ${colorScheme})`, async (t) => {
      const { issuer } = await startDevIdp(t)
      const strict = await browser.newContext({ colorScheme })
      t.after(() => strict.close())
      const styled = await strict.newPage()
      await styled.goto(pageUrl(issuer, lang))
      const background = await styled.evaluate<string>(
        "getComputedStyle(document.querySelector('button')).backgroundColor",
      )
      assert.notEqual(background, 'rgb(239, 239, 239)')
      const context = await browser.newContext({
        bypassCSP: true,
        colorScheme,
        viewport: { width: 360, height: 740 },
      })
      t.after(() => context.close())
      const page = await context.newPage()
      await page.goto(pageUrl(issuer, lang))
      assert.deepEqual(await accessibilityFaults(page), [])
      const wider = await page.evaluate<boolean>(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      )
      assert.equal(wider, false, 'nothing sticks out on a phone')
    })
