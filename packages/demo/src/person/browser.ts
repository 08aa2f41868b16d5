import { type Browser, chromium, type Page } from 'playwright-core'
import type { Answer, Person } from './person.ts'

const pageSeconds = 15
const mostPages = 8

/** Wang, with a real browser of her own that nobody sees. She signs in once, as people do. */
export async function createBrowserPerson(executablePath: string): Promise<Person> {
  const browser: Browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  const context = await browser.newContext({ locale: 'en-GB' })
  context.setDefaultTimeout(pageSeconds * 1000)
  return {
    async answer(url, answer) {
      const page = await context.newPage()
      try {
        await page.goto(url)
        for (let pages = 0; pages < mostPages; pages++) {
          if (new URL(page.url()).pathname === '/ath/callback') return
          await answerPage(page, answer)
        }
        throw new Error(`still on the way after ${mostPages} pages\n${await describe(page)}`)
      } finally {
        await page.close()
      }
    },
    close: () => browser.close(),
  }
}

/** Answers what the page asks, or waits where it moves on by itself. Comes back on the next page. */
async function answerPage(page: Page, { approve, untick = [] }: Answer): Promise<void> {
  const asks = (selector: string) => page.locator(selector).count()
  if (await asks('input[name=login]')) {
    await page.fill('input[name=login]', 'wang')
    await page.fill('input[name=password]', 'wang')
    return leave(page, () => page.click('button[value=login]'))
  }
  if (await asks('button[name=decision]')) {
    for (const scope of untick) await page.uncheck(`input[name="scope ${scope}"]`)
    const decision = approve ? 'approve' : 'deny'
    return leave(page, () => page.click(`button[name=decision][value=${decision}]`))
  }
  if (await asks('button[name=answer]')) return leave(page, () => page.click('button[value=allow]'))
  return leave(page, async () => undefined)
}

/** Acts, and waits for the page that comes of it, over however many redirects. */
async function leave(page: Page, act: () => Promise<void>): Promise<void> {
  const here = page.url()
  const moved = page
    .waitForURL((url) => url.href !== here)
    .catch(async (cause: unknown) => {
      throw new Error(`the browser stays where it is\n${await describe(page)}`, { cause })
    })
  await act()
  await moved
}

async function describe(page: Page): Promise<string> {
  const text = await page
    .locator('body')
    .innerText()
    .catch(() => '')
  const { origin, pathname } = new URL(page.url())
  return [`at ${origin}${pathname}`, ...text.split('\n').filter((line) => line.trim() !== '')]
    .slice(0, 8)
    .join('\n')
}
