import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { accessibilityFaults, type Browser, openBrowser, type Page } from '@sallyport/testing'
import type { Risk } from '@ath-protocol/server'
import { startGateway, type TestGateway } from './gateway.ts'

let browser: Browser
let gateway: TestGateway

before(async () => {
  gateway = await startGateway({ kind: 'dev', user: 'Wang Xiao' }, { host: 'localhost' })
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})
afterEach(async () => {
  const [userId] = await people()
  for (const { credentialId } of userId === undefined ? [] : await gateway.passkeys.list(userId))
    await gateway.passkeys.remove(userId as string, credentialId)
})

const people = async () => [...gateway.logins.sessions.values()].map(({ userId }) => userId)

interface Device {
  /** Whether the person passes their finger, face or PIN. */
  verifies(yes: boolean): Promise<void>
  counter(credentialId: string): Promise<number>
  setCounter(signCount: number): Promise<void>
}

/** A page in a browser of its own with a device that has passkeys. */
async function openPage(
  options: { readonly device?: boolean; readonly locale?: string; readonly script?: boolean } = {},
): Promise<{ readonly page: Page; readonly device: Device }> {
  const context = await browser.newContext({
    locale: options.locale ?? 'en-US',
    javaScriptEnabled: options.script ?? true,
  })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  if (options.device === false) return { page, device: undefined as never }
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const credentials = async () =>
    (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials
  return {
    page,
    device: {
      verifies: async (isUserVerified) => {
        await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
      },
      counter: async () => (await credentials())[0]?.signCount ?? -1,
      setCounter: async (signCount) => {
        const [credential] = await credentials()
        assert.ok(credential)
        await cdp.send('WebAuthn.removeCredential', {
          authenticatorId,
          credentialId: credential.credentialId,
        })
        await cdp.send('WebAuthn.addCredential', {
          authenticatorId,
          credential: { ...credential, signCount },
        })
      },
    },
  }
}

const go = async (page: Page, selector: string) => {
  const [response] = await Promise.all([page.waitForNavigation(), page.click(selector)])
  return response
}
const add = 'form[data-passkey-create] button'
const said = async (page: Page) => (await page.textContent('.alert:visible'))?.trim() ?? ''

async function enrol(page: Page): Promise<void> {
  await page.goto(`${gateway.url}/me/passkeys`)
  await go(page, add)
  assert.match(await said(page), /^Added/)
}

test('[U7] [D19] a person adds a passkey with their device, sees it and removes it', async () => {
  const { page } = await openPage()
  await page.goto(`${gateway.url}/me/passkeys`)
  await page.fill('#label', 'My <b>laptop</b>')
  await go(page, add)
  assert.match(await said(page), /^Added/)
  assert.equal(new URL(page.url()).pathname, '/me/passkeys')
  assert.equal(await page.textContent('article h2'), 'My <b>laptop</b>')
  const [userId] = await people()
  const [passkey] = await gateway.passkeys.list(userId as string)
  assert.equal(passkey?.label, 'My <b>laptop</b>')
  const event = gateway.events.findLast(({ event }) => event === 'user_key_added')
  assert.equal(event?.evidence?.['kind'], 'passkey')
  await go(page, 'article button')
  assert.match(await said(page), /^Removed/)
  assert.equal((await gateway.passkeys.list(userId as string)).length, 0)
  assert.equal(gateway.events.at(-1)?.event, 'user_key_removed')
  await page.context().close()
})

test('a device that has one of the person’s passkeys is not added again', async () => {
  const { page } = await openPage()
  await enrol(page)
  await page.click(add)
  const known = await page.waitForSelector('[data-passkey-says=known]:visible')
  assert.match((await known.textContent()) ?? '', /already has/)
  await page.context().close()
})

test('[D19] a passkey without finger, face or PIN is not added', async () => {
  const { page, device } = await openPage()
  await device.verifies(false)
  await page.goto(`${gateway.url}/me/passkeys`)
  await page.click(add)
  await page.waitForSelector('[data-passkey-says=cancelled]:visible')
  assert.match(await said(page), /Nothing was changed/)
  assert.equal(await page.isVisible('[data-passkey-says=failed]'), false)
  await device.verifies(true)
  await go(page, add)
  assert.match(await said(page), /^Added/)
  await page.context().close()
})

test('a browser without passkeys says so', async () => {
  const { page } = await openPage({ device: false })
  await page.addInitScript('delete window.PublicKeyCredential')
  await page.goto(`${gateway.url}/me/passkeys`)
  assert.match(await said(page), /no passkeys/)
  await page.click(add)
  assert.equal(await page.textContent('h1'), 'Passkeys')
  await page.context().close()
})

test('at an address of another name the page says where passkeys work', async () => {
  const { page } = await openPage()
  await page.goto(gateway.url.replace('localhost', '127.0.0.1') + '/me/passkeys')
  await page.click(add)
  const elsewhere = await page.waitForSelector('[data-passkey-says=elsewhere]:visible')
  assert.match((await elsewhere.textContent()) ?? '', /belong to localhost/)
  await page.context().close()
})

test('without JavaScript the page says that it needs it, and adds nothing', async () => {
  const { page } = await openPage({ device: false, script: false })
  await page.goto(`${gateway.url}/me/passkeys`)
  assert.match(await said(page), /needs JavaScript/)
  const response = await go(page, add)
  assert.equal(response?.status(), 400)
  assert.match(await said(page), /sent no passkey/)
  await page.context().close()
})

test('to add a passkey the person signed in at most ten minutes ago; one click leads there and back', async () => {
  const { page } = await openPage()
  await page.goto(`${gateway.url}/me/passkeys`)
  gateway.clock.advance(601)
  // The form was opened in time and is sent too late.
  await go(page, add)
  assert.match(await said(page), /sign in again/)
  const [userId] = await people()
  assert.equal((await gateway.passkeys.list(userId as string)).length, 0)
  await go(page, 'main a.button')
  assert.equal(new URL(page.url()).pathname, '/me/passkeys')
  await go(page, add)
  assert.match(await said(page), /^Added/)
  await page.context().close()
})

test('a passkey answer works once, and only in the session that was asked', async () => {
  const { page } = await openPage()
  await page.goto(`${gateway.url}/me/passkeys`)
  const sent = page.waitForRequest((request) => request.method() === 'POST')
  await go(page, add)
  const body = (await sent).postData() ?? ''
  const passkey = new URLSearchParams(body).get('passkey') ?? ''
  const [userId] = await people()
  const [added] = await gateway.passkeys.list(userId as string)
  await gateway.passkeys.remove(userId as string, added?.credentialId ?? '')
  const replay = async (where: Page, answer: string) => {
    const csrf = await where.inputValue('form[data-passkey-create] [name=csrf]')
    return where.request.post(`${gateway.url}/me/passkeys`, {
      form: { csrf, label: 'again', passkey: answer },
      headers: { origin: gateway.url },
    })
  }
  assert.equal((await replay(page, passkey)).status(), 400)
  assert.equal(gateway.events.at(-1)?.denial_reason, 'passkey_challenge_unknown')
  // A fresh answer, brought by another browser of the same person.
  let stolen = ''
  await page.goto(`${gateway.url}/me/passkeys`)
  await page.route(
    (url) => url.pathname === '/me/passkeys',
    async (route) => {
      stolen = new URLSearchParams(route.request().postData() ?? '').get('passkey') ?? ''
      await route.abort()
    },
  )
  await page.click(add)
  await page.waitForTimeout(500)
  assert.notEqual(stolen, '')
  const { page: other } = await openPage()
  await other.goto(`${gateway.url}/me/passkeys`)
  assert.equal((await replay(other, stolen)).status(), 400)
  assert.equal(gateway.events.at(-1)?.denial_reason, 'passkey_challenge_unknown')
  assert.equal((await gateway.passkeys.list(userId as string)).length, 0)
  await page.context().close()
  await other.context().close()
})

test('a person has at most ten passkeys', async () => {
  const { page } = await openPage()
  await page.goto(`${gateway.url}/me/passkeys`)
  const [userId] = await people()
  for (let number = 0; number < 10; number++)
    await gateway.passkeys.insert({
      credentialId: `credential${number}`,
      userId: userId as string,
      publicKey: '',
      counter: 0,
      transports: [],
      label: `passkey ${number}`,
      backedUp: false,
      createdAt: 0,
    })
  await go(page, add)
  assert.equal(await page.locator(add).count(), 0)
  assert.equal((await gateway.passkeys.list(userId as string)).length, 10)
  assert.equal(gateway.events.at(-1)?.denial_reason, 'passkey_full')
  await page.context().close()
})

test('the script is served with its type and kept for ever; another version is sent on', async () => {
  const { page } = await openPage({ device: false })
  await page.goto(`${gateway.url}/me/passkeys`)
  const source = await page.getAttribute('script', 'src')
  const served = await page.request.get(`${gateway.url}${source}`)
  assert.equal(served.status(), 200)
  assert.match(served.headers()['content-type'] ?? '', /^text\/javascript/)
  assert.match(served.headers()['cache-control'] ?? '', /immutable/)
  const old = await page.request.get(`${gateway.url}/assets/passkey.js?v=old`, { maxRedirects: 0 })
  assert.equal(old.status(), 302)
  assert.equal(old.headers()['location'], source)
  assert.equal(old.headers()['cache-control'], 'no-store')
  await page.context().close()
})

/** A question of this risk, to whoever signs in. */
async function ask(risk: Risk): Promise<string> {
  const finance = gateway.ports.config.providers.get('finance')
  for (const scope of finance?.scopes ?? []) Object.assign(scope, { risk })
  return (await gateway.ask()).url
}

async function upToPasskey(page: Page): Promise<void> {
  await page.goto(await ask('high'))
  for (const box of await page.locator('input:enabled[type=checkbox]').all()) await box.check()
  await go(page, 'button[value=approve]')
}
const confirm = 'form[data-passkey-get] button'

test('[U7] [D19] what is of high risk needs a passkey: a person confirms with theirs', async () => {
  const { page, device } = await openPage()
  await enrol(page)
  await upToPasskey(page)
  await go(page, confirm)
  assert.equal(await page.textContent('h1'), 'Done')
  const given = gateway.events.findLast(({ event }) => event === 'consent_given')
  assert.equal(given?.auth_method, 'passkey')
  const [userId] = await people()
  const [passkey] = await gateway.passkeys.list(userId as string)
  assert.equal(passkey?.counter, await device.counter(passkey?.credentialId ?? ''))
  assert.notEqual(passkey?.lastUsedAt, undefined)
  await page.context().close()
})

test('[U7] whoever cancels the passkey decides nothing, and can try again', async () => {
  const { page, device } = await openPage()
  await enrol(page)
  await upToPasskey(page)
  await device.verifies(false)
  await page.click(confirm)
  await page.waitForSelector('[data-passkey-says=cancelled]:visible')
  await device.verifies(true)
  await go(page, confirm)
  assert.equal(await page.textContent('h1'), 'Done')
  await page.context().close()
})

test('[D19] a passkey whose counter went back is refused and recorded: it may be a copy', async () => {
  const { page, device } = await openPage()
  await enrol(page)
  await upToPasskey(page)
  await go(page, confirm)
  await device.setCounter(0)
  await upToPasskey(page)
  const response = await go(page, confirm)
  assert.equal(response?.status(), 403)
  const refused = gateway.events.findLast(({ event }) => event === 'request_refused')
  assert.equal(refused?.denial_reason, 'passkey_counter_regressed')
  await page.context().close()
})

for (const locale of ['en-US', 'zh-CN'])
  test(`the passkey pages are accessible (${locale})`, async () => {
    const context = await browser.newContext({ locale, bypassCSP: true })
    const page = await context.newPage()
    await page.goto(`${gateway.url}/me/passkeys`)
    assert.deepEqual(await accessibilityFaults(page), [])
    gateway.clock.advance(601)
    await page.goto(`${gateway.url}/me/passkeys`)
    assert.deepEqual(await accessibilityFaults(page), [])
    await context.close()
  })
