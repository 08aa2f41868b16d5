import type { Page } from '@sallyport/testing'

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
