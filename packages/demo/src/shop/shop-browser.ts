import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { accessibilityFaults, type Page } from '@sallyport/testing'

/** Signs in at the company's accounts, from wherever the shop asked to. */
export async function signIn(page: Page, shopUrl: string, person: string): Promise<void> {
  await page.goto(`${shopUrl}/sign-in`)
  if ((await page.locator('input[name=login]').count()) === 0) return
  await page.fill('input[name=login]', person)
  await page.fill('input[name=password]', person)
  await press(page, 'button[value=login]')
}

/** Clicks, and comes back on the page that follows. */
export async function press(page: Page, selector: string): Promise<void> {
  await Promise.all([page.waitForNavigation(), page.click(selector)])
}

/** A folder for pictures, when somebody wants to look at the pages. */
const pictures = process.env['PICTURES']

/**
 * Checks that a page is accessible and fits: on a phone and on a desk, by day and by night. The page's context has to
 * bypass its CSP, which allows no script.
 */
export async function lookAt(page: Page, name: string, url: string): Promise<void> {
  await page.goto(url)
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'light'],
    [390, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 844 })
    await page.emulateMedia({ colorScheme })
    const what = `${name}-${width}-${colorScheme}`
    if (pictures !== undefined) {
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: `${pictures}/${what}.png`, fullPage: true })
    }
    const tooWide = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    assert.equal(tooWide, 0, what)
    assert.deepEqual(await accessibilityFaults(page), [], what)
  }
}
