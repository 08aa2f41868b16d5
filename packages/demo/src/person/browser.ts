import { type Browser, chromium, type Page } from 'playwright-core'
import type { Answer, Person } from './person.ts'

const pageSeconds = 15
const mostPages = 8

/** Wang, with a real browser of her own that nobody sees. She signs in once, as people do. */
export async function createBrowserPerson(executablePath: string): Promise<Person> {
  const browser: Browser = await chromium.launch({
    executablePath,
    // The driver would end the whole process at once; the demo has more to put away than a browser.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
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
  const { url, asks } = await readPage(page)
  if (asks === 'login') {
    await page.fill('input[name=login]', 'wang')
    await page.fill('input[name=password]', 'wang')
    await page.click('button[value=login]')
  } else if (asks === 'decision') {
    for (const scope of untick) await page.uncheck(`input[name="scope ${scope}"]`)
    await page.click(`button[name=decision][value=${approve ? 'approve' : 'deny'}]`)
  } else if (asks === 'answer') {
    await page.click('button[value=allow]')
  }
  await page
    .waitForURL((now) => now.href !== url)
    .catch(async (cause: unknown) => {
      throw new Error(`the browser stays where it is\n${await describe(page)}`, { cause })
    })
}

interface PageState {
  readonly url: string
  readonly asks: string | null
}

const pageStateScript = `({
  url: location.href,
  asks: document.querySelector('[name=login], [name=decision], [name=answer]')?.name ?? null,
})`

/** Where the page is and what it asks, read at one instant: a page that moves on by itself may do so any time. */
function readPage(page: Page): Promise<PageState> {
  const read = () => page.evaluate<PageState>(pageStateScript)
  return read().catch(async () => {
    await page.waitForLoadState()
    return read()
  })
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
