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
  // One tab for everything: a device with passkeys belongs to a tab.
  const page = await context.newPage()
  await giveDevice(page)
  return {
    answer: async (url, answer) => {
      await page.goto(url)
      await answerAll(page, answer)
    },
    review: async (chat, answer) => {
      await page.goto(chat)
      await go(page, 'article a.button')
      await answerAll(page, answer)
    },
    press: async (chat, button) => {
      await page.goto(chat)
      await go(page, `button[value=${button}]`)
    },
    add: async (url) => {
      await page.goto(url)
      await untilSignedIn(page)
      await go(page, 'form:has([name=label]) button')
    },
    look: async (url) => {
      await page.goto(url)
      await untilSignedIn(page)
      return page.locator('body').innerText()
    },
    close: () => browser.close(),
  }
}

/** A device that makes passkeys, with a finger always on it (WebAuthn §11). */
async function giveDevice(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

/** Answers page after page, until one asks nothing and leads nowhere. */
async function answerAll(page: Page, answer: Answer): Promise<void> {
  for (let pages = 0; pages < mostPages; pages++) {
    const { url, asks, movesOn } = await readPage(page)
    if (asks === 'login') await signIn(page)
    else if (asks === 'decision') await decide(page, answer)
    else if (asks === 'answer') await go(page, 'button[value=allow]')
    else if (!movesOn) return
    else await page.waitForURL((now) => now.href !== url).catch(stuck(page))
  }
  throw new Error(`still on the way after ${mostPages} pages\n${await describe(page)}`)
}

async function untilSignedIn(page: Page): Promise<void> {
  for (let pages = 0; (await readPage(page)).asks === 'login'; pages++) {
    if (pages === mostPages) throw new Error(`not signed in\n${await describe(page)}`)
    await signIn(page)
  }
}

async function signIn(page: Page): Promise<void> {
  await page.fill('input[name=login]', 'wang')
  await page.fill('input[name=password]', 'wang')
  await go(page, 'button[value=login]')
}

/** The second time a page asks, it asks for a passkey over what was chosen the first time: nothing is ticked there. */
async function decide(page: Page, { approve, tick = [], untick = [] }: Answer): Promise<void> {
  const box = (scope: string) => page.locator(`input[type=checkbox][name="scope ${scope}"]`)
  for (const scope of untick) await box(scope).uncheck()
  for (const scope of tick) if ((await box(scope).count()) > 0) await box(scope).check()
  await go(page, `button[name=decision][value=${approve ? 'approve' : 'deny'}]`)
}

/** Clicks, and comes back on the page that follows. */
async function go(page: Page, selector: string): Promise<void> {
  await Promise.all([page.waitForNavigation(), page.click(selector)]).catch(stuck(page))
}

const stuck = (page: Page) => async (cause: unknown) => {
  throw new Error(`the browser stays where it is\n${await describe(page)}`, { cause })
}

interface PageState {
  readonly url: string
  readonly asks: string | null
  readonly movesOn: boolean
}

const pageStateScript = `({
  url: location.href,
  asks: document.querySelector('[name=login], [name=decision], [name=answer]')?.name ?? null,
  movesOn: document.querySelector('meta[http-equiv=refresh]') !== null,
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
