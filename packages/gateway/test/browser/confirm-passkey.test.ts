import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { UserId } from '@ath-protocol/types'
import { accessibilityFaults, type Browser, openBrowser, type Page } from '@sallyport/testing'
import { askPerson, nineStepConfig } from './ask-person.ts'
import { startGateway, type TestGateway } from './gateway.ts'

let browser: Browser
let gateway: TestGateway
let wang: UserId

before(async () => {
  gateway = await startGateway(
    { kind: 'dev', user: 'Wang Xiao' },
    { host: 'localhost', config: nineStepConfig },
  )
  browser = await openBrowser()
  const page = await browser.newPage()
  await page.goto(`${gateway.url}/me`)
  wang = [...gateway.logins.sessions.values()][0]?.userId ?? ''
  await page.close()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})

async function go(page: Page, selector: string) {
  const [response] = await Promise.all([page.waitForNavigation(), page.click(selector)])
  return response
}
const approve = (page: Page) => go(page, 'button[value=approve]')
const title = (page: Page) => page.textContent('h1')
const decisionOf = async (id: string) => (await gateway.ports.consents.find(id))?.decision

/** A browser with a device that has passkeys, one of which the person has registered here. */
async function openPage(
  options: Parameters<Browser['newContext']>[0] & { readonly enrolled?: boolean } = {},
) {
  const { enrolled = true, ...context } = options
  const page = await (await browser.newContext(context)).newPage()
  page.setDefaultTimeout(10_000)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
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
  if (enrolled) {
    await page.goto(`${gateway.url}/me/passkeys`)
    await go(page, 'form[data-passkey-create] button')
  }
  return { page, cdp, authenticatorId }
}

async function forgetPasskeys(): Promise<void> {
  for (const { credentialId } of await gateway.passkeys.list(wang))
    await gateway.passkeys.remove(wang, credentialId)
}

const risky = { scopes: ['oa:read', 'oa:delete'] }

/** The question with the risky scope ticked and Approve pressed. */
async function chooseAll(page: Page, url: string) {
  await page.goto(url)
  await page.check('[name="scope oa:delete"]')
  return approve(page)
}

test('[U7] [D19] what is of high risk is confirmed with a passkey over exactly what was chosen', async () => {
  await forgetPasskeys()
  const { page } = await openPage()
  const { agent, consent, page: url } = await askPerson(gateway, wang, risky)
  await page.goto(url)
  await page.check('[name="scope oa:delete"]')
  await page.selectOption('select', '3600')
  const response = await approve(page)
  assert.equal(response?.status(), 200)
  assert.match(response?.headers()['content-security-policy'] ?? '', /script-src 'self'(;|$)/)
  assert.equal(await title(page), 'Confirm with your passkey')
  assert.deepEqual(
    (await page.locator('main li').allTextContents()).map((text) => text.trim()),
    [
      'Read approvals at Blue Harbour Office',
      'Delete approvals for good at Blue Harbour Office ! High risk',
    ],
  )
  assert.match((await page.textContent('main')) ?? '', /For 1 hour/)
  assert.equal(await decisionOf(consent.id), undefined)
  await approve(page)
  assert.equal(await title(page), 'Done')
  const { json } = await agent.poll()
  assert.deepEqual(json['scopes_granted'], risky.scopes)
  assert.equal(json['ttl_granted'], 3600)
  const decision = await decisionOf(consent.id)
  assert.equal(decision?.method, 'passkey')
  const evidence = JSON.parse(decision?.message ?? '{}')
  assert.deepEqual(new Set(evidence.approved_scopes), new Set(risky.scopes))
  assert.equal(evidence.expires_at - evidence.timestamp, 3600)
  const assertion = JSON.parse(Buffer.from(evidence.signature, 'base64url').toString())
  assert.equal(assertion.type, 'public-key')
  const given = gateway.events.findLast(({ event }) => event === 'consent_given')
  assert.equal(given?.auth_method, 'passkey')
})

test('[D19] what is left without the risk needs a click only, and a no never more', async () => {
  const { page } = await openPage({ enrolled: false, javaScriptEnabled: false })
  const less = await askPerson(gateway, wang, risky)
  await page.goto(less.page)
  await approve(page)
  assert.equal(await title(page), 'Done')
  assert.deepEqual((await less.agent.poll()).json['scopes_granted'], ['oa:read'])
  const no = await askPerson(gateway, wang, risky)
  await page.goto(no.page)
  await page.check('[name="scope oa:delete"]')
  await go(page, 'button[value=deny]')
  assert.equal(await title(page), 'You said no')
})

test('without a passkey the page says how to get one, and nothing is decided', async () => {
  await forgetPasskeys()
  const { page } = await openPage({ enrolled: false })
  const { consent, page: url } = await askPerson(gateway, wang, risky)
  const response = await chooseAll(page, url)
  assert.equal(response?.status(), 403)
  assert.equal(await title(page), 'You need a passkey first')
  await go(page, 'a.button')
  assert.equal(new URL(page.url()).pathname, '/me/passkeys')
  assert.equal(await decisionOf(consent.id), undefined)
})

test('without JavaScript the page says that this step needs it, and nothing is decided', async () => {
  await forgetPasskeys()
  await openPage()
  const { page } = await openPage({ enrolled: false, javaScriptEnabled: false })
  const { consent, page: url } = await askPerson(gateway, wang, risky)
  await chooseAll(page, url)
  assert.match((await page.textContent('main')) ?? '', /needs JavaScript/)
  await approve(page)
  assert.equal(await title(page), 'Confirm with your passkey')
  assert.match((await page.textContent('[role=alert]')) ?? '', /was not accepted/)
  assert.equal(await decisionOf(consent.id), undefined)
})

/** Changes the form on its way from the browser, after the device signed. */
async function tamper(page: Page, change: (form: URLSearchParams) => void): Promise<void> {
  await page.route(
    (url) => url.pathname.startsWith('/ath/'),
    async (route) => {
      const form = new URLSearchParams(route.request().postData() ?? '')
      change(form)
      await route.continue({ postData: form.toString() })
    },
    { times: 1 },
  )
}

let earlier = ''
const changes: Readonly<Record<string, (form: URLSearchParams) => void>> = {
  'a longer time': (form) =>
    form.set('lifetime', form.get('lifetime') === '3600' ? '28800' : '3600'),
  'other scopes': (form) => form.delete('scope oa:read'),
  'another instant': (form) => form.set('timestamp', String(Number(form.get('timestamp')) + 1)),
  'another question': (form) => form.set('passkey', earlier),
}
for (const [what, change] of Object.entries(changes))
  test(`[U7] a passkey’s signature does not count for ${what}`, async () => {
    await forgetPasskeys()
    const { page } = await openPage()
    const first = await askPerson(gateway, wang, risky)
    await chooseAll(page, first.page)
    await tamper(page, (form) => {
      earlier = form.get('passkey') ?? ''
    })
    await approve(page)
    const { consent, page: url } = await askPerson(gateway, wang, risky)
    await chooseAll(page, url)
    await tamper(page, change)
    const response = await approve(page)
    assert.equal(response?.status(), 403)
    assert.equal(await title(page), 'Confirm with your passkey')
    assert.match((await page.textContent('[role=alert]:visible')) ?? '', /was not accepted/)
    assert.equal(await decisionOf(consent.id), undefined)
    const refused = gateway.events.findLast(({ event }) => event === 'request_refused')
    assert.equal(refused?.denial_reason, 'passkey_assertion_wrong')
    // Asked anew, with a challenge of its own, it can still be confirmed.
    await approve(page)
    assert.equal((await decisionOf(consent.id))?.method, 'passkey')
    await page.context().close()
  })

test('[U7] a passkey’s signature counts for five minutes, also where the question stays open longer', async () => {
  await forgetPasskeys()
  const { page } = await openPage()
  await gateway.introduce({
    approvals: [{ provider_id: 'oa', approved_scopes: ['oa:delete'], denied_scopes: [] }],
  })
  const { url, id } = await gateway.ask({ providerId: 'oa', scopes: ['oa:delete'] })
  await chooseAll(page, url)
  gateway.clock.advance(301)
  await approve(page)
  assert.match((await page.textContent('[role=alert]:visible')) ?? '', /took too long/)
  const refused = gateway.events.findLast(({ event }) => event === 'request_refused')
  assert.equal(refused?.denial_reason, 'passkey_stale')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
  await approve(page)
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'consented')
  gateway.clock.advance(-301)
  await page.context().close()
})

/** A folder for pictures, when somebody wants to look at the pages. */
const pictures = process.env['PICTURES']

/** Every page around a question that an agent brings by another channel, and how to get there. */
const pages: Readonly<Record<string, (page: Page) => Promise<unknown>>> = {
  'confirm-question': async (page) => {
    const scopes = ['oa:delete', 'oa:write', 'crm:write', 'oa:read']
    const context = 'To clear your approvals before the holiday. '.repeat(8)
    await page.goto((await askPerson(gateway, wang, { scopes, context })).page)
  },
  'confirm-passkey': async (page) => chooseAll(page, (await askPerson(gateway, wang, risky)).page),
  'confirm-other-user': async (page) =>
    page.goto((await askPerson(gateway, 'usr_somebody_else')).page),
  'confirm-no-passkey': async (page) => {
    await forgetPasskeys()
    await chooseAll(page, (await askPerson(gateway, wang, risky)).page)
  },
}
for (const [name, open] of Object.entries(pages))
  for (const locale of ['en-US', 'zh-CN'])
    test(`the page ${name} (${locale}) is accessible, small and fits on a phone and on a desk, by day and by night`, async () => {
      for (const width of [390, 1280])
        for (const colorScheme of ['light', 'dark'] as const) {
          const { page } = await openPage({
            locale,
            colorScheme,
            viewport: { width, height: 844 },
            bypassCSP: true,
          })
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
          await page.context().close()
          await forgetPasskeys()
        }
    })
