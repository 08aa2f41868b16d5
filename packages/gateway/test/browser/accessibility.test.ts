import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { accessibilityFaults, type Browser, openBrowser, type Page } from '@sallyport/testing'
import { startGateway, type TestGateway } from './gateway.ts'

let browser: Browser
let gateway: TestGateway

before(async () => {
  gateway = await startGateway({ kind: 'dev', user: 'Wang Xiao' })
  await gateway.introduce({ purpose: 'I match invoices with bookings. '.repeat(20) })
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})

/** A folder for pictures, when somebody wants to look at the pages. */
const pictures = process.env['PICTURES']

const question = async (page: Page) => {
  const scopes = ['finance:read', 'finance:export', 'finance:write']
  return page.goto((await gateway.ask({ scopes })).url)
}
const go = async (page: Page, selector: string) => {
  const [response] = await Promise.all([page.waitForNavigation(), page.click(selector)])
  return response
}

/** Every kind of page that people meet, and how to get there. */
const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  question,
  'question-again': async (page) => {
    await question(page)
    for (const box of await page.locator('input:enabled[type=checkbox]').all()) await box.uncheck()
    await go(page, 'button[value=approve]')
  },
  done: async (page) => {
    await question(page)
    await go(page, 'button[value=approve]')
  },
  denied: async (page) => {
    await question(page)
    await go(page, 'button[value=deny]')
  },
  unknown: (page) => page.goto(`${gateway.url}/ath/authorize/${'x'.repeat(43)}`),
  'my-agents': (page) => page.goto(`${gateway.url}/me`),
  'signed-out': async (page) => {
    await question(page)
    await go(page, 'form[action="/logout"] button')
  },
  'sign-in-limited': async (page) => {
    gateway.limited = { retryAfterSeconds: 30, limit: '10/minute' }
    await page.goto(`${gateway.url}/login`)
    gateway.limited = undefined
  },
}

for (const [name, open] of Object.entries(pages))
  for (const locale of ['en-US', 'zh-CN'])
    test(`the page ${name} (${locale}) is accessible, small and fits on a phone and on a desk, by day and by night`, async () => {
      for (const width of [390, 1280])
        for (const colorScheme of ['light', 'dark'] as const) {
          const context = await browser.newContext({
            locale,
            colorScheme,
            viewport: { width, height: 844 },
            // axe has to be put into the page, which allows no script.
            bypassCSP: true,
          })
          const page = await context.newPage()
          await open(page)
          if (pictures !== undefined) {
            mkdirSync(pictures, { recursive: true })
            const path = `${pictures}/${name}-${locale}-${width}-${colorScheme}.png`
            await page.screenshot({ path, fullPage: true })
          }
          assert.ok(Buffer.byteLength(await page.content()) <= 15 * 1024)
          assert.deepEqual(await accessibilityFaults(page), [])
          for (const narrow of [width, Math.min(width, 320)]) {
            await page.setViewportSize({ width: narrow, height: 844 })
            assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= narrow)
          }
          await context.close()
        }
    })

test('every control on a phone is large enough for a thumb', async () => {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
  await question(page)
  for (const control of await page.locator('button, select, .scopes label, .lang').all()) {
    const box = await control.boundingBox()
    assert.ok((box?.height ?? 0) >= 44, await control.innerText())
  }
  await page.close()
})

test('the question can be answered with the keyboard alone', async () => {
  const page = await browser.newPage()
  await question(page)
  const reached: string[] = []
  for (let presses = 0; presses < 20 && reached.at(-1) !== 'approve'; presses++) {
    await page.keyboard.press('Tab')
    reached.push(
      String(
        await page.evaluate('document.activeElement.value || document.activeElement.textContent'),
      ),
    )
  }
  assert.equal(reached[0], 'Go to the content')
  assert.deepEqual(reached.slice(-2), ['deny', 'approve'])
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  assert.equal(await page.textContent('h1'), 'Done')
  await page.close()
})

test('nothing moves for people who asked for no motion', async () => {
  const page = await browser.newPage({ reducedMotion: 'reduce', bypassCSP: true })
  await question(page)
  const moving = await page.evaluate(
    `[...document.querySelectorAll('*')].filter((e) => getComputedStyle(e).transitionDuration !== '0s' || getComputedStyle(e).animationName !== 'none').length`,
  )
  assert.equal(moving, 0)
  await page.close()
})
