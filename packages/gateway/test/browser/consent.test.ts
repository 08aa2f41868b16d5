import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hashSecret } from '@ath-protocol/server'
import { type Browser, openBrowser, type Page } from '@sallyport/testing'
import { sessionCookie } from '@ath-protocol/server/parts'
import { startGateway, type TestGateway } from './gateway.ts'
import { serve } from './serve.ts'

let browser: Browser
let gateway: TestGateway

before(async () => {
  gateway = await startGateway({ kind: 'dev', user: 'Wang Xiao' })
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})

/** A person's own browser. Scripts are off unless a test needs them: nothing here may depend on them. */
async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options })
  context.setDefaultTimeout(10_000)
  return context.newPage()
}

/** Clicks what leads to another page, and waits for it: the old page has a title, too. */
async function go(page: Page, selector: string) {
  const [response] = await Promise.all([page.waitForNavigation(), page.click(selector)])
  return response
}
const approve = (page: Page) => go(page, 'button[value=approve]')
const deny = (page: Page) => go(page, 'button[value=deny]')
const title = (page: Page) => page.textContent('h1')
const grantsOf = async () => gateway.ports.grants.list({})

test('[R70] the page says who asks, what they say of themselves, and what the service approved', async () => {
  const page = await openPage()
  const { url } = await gateway.ask({ scopes: ['finance:read', 'finance:export', 'finance:write'] })
  await page.goto(url)
  assert.equal(await title(page), 'Let Travel Helper use Blue Harbour Finance for you?')
  const who = page.locator('section', { hasText: 'Who is asking' })
  assert.match((await who.textContent()) ?? '', /Travel Helper says about itself/)
  assert.match((await who.textContent()) ?? '', /agents\.example\.com ✓ checked by signature/)
  assert.match(
    (await who.textContent()) ?? '',
    /Example Travel Ltd dev\.example\.com says about itself/,
  )
  assert.match((await page.textContent('blockquote')) ?? '', /^I collect the invoices/)
  const rows = await page.locator('.scopes li').allTextContents()
  assert.match(rows[0] ?? '', /Read invoices and balances.*Approved by the service/)
  assert.match(rows[1] ?? '', /Export the ledger as a file.*Approved by the service/)
  assert.match(rows[2] ?? '', /Change and pay invoices.*The service said no/)
  assert.equal(await page.isDisabled('[name="scope finance:write"]'), true)
  assert.equal(await page.isChecked('[name="scope finance:write"]'), false)
  const cannot = await page.locator('.cannot li').allTextContents()
  assert.deepEqual(cannot, [
    'Close the month',
    'Manage users and their rights',
    'See your password or your sign-in',
  ])
  assert.match((await page.textContent('main')) ?? '', /Signed in as Wang Xiao/)
})

test('a person approves: the handshake is consented with all that was offered', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  await approve(page)
  assert.equal(await title(page), 'Done')
  const handshake = await gateway.ports.handshakes.find(id)
  assert.equal(handshake?.state, 'consented')
  assert.deepEqual(handshake.consentedScopes, ['finance:read', 'finance:export'])
  const user = await gateway.logins.findUser(handshake.userId ?? '')
  assert.equal(user?.subject, 'Wang Xiao')
})

test('a person narrows: an unticked scope and a shorter time count', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  await page.uncheck('[name="scope finance:export"]')
  await page.selectOption('select', '3600')
  await approve(page)
  assert.equal(await title(page), 'Done')
  const handshake = await gateway.ports.handshakes.find(id)
  assert.deepEqual(handshake?.consentedScopes, ['finance:read'])
})

test('a person denies, even with nothing ticked: the handshake ends without a grant', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  const grantsBefore = (await grantsOf()).length
  await page.goto(url)
  for (const box of await page.locator('input[type=checkbox]').all()) await box.uncheck()
  await deny(page)
  assert.equal(await title(page), 'You said no')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'denied')
  assert.equal((await grantsOf()).length, grantsBefore)
})

test('yes to nothing is asked again, with what was entered, and can then be answered', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  for (const box of await page.locator('input[type=checkbox]').all()) await box.uncheck()
  await page.selectOption('select', '86400')
  const response = await approve(page)
  assert.equal(response?.status(), 400)
  assert.match((await page.textContent('[role=alert]')) ?? '', /Nothing is ticked/)
  assert.equal(await page.inputValue('select'), '86400')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
  await page.check('[name="scope finance:read"]')
  await approve(page)
  assert.equal(await title(page), 'Done')
  assert.deepEqual((await gateway.ports.handshakes.find(id))?.consentedScopes, ['finance:read'])
})

test('opening the page decides nothing, whatever its address says', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(`${url}&decision=approve&lifetime=3600&scope%20finance:read=on`)
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
})

test('[R66] an answer that comes after ten minutes counts for nothing, and the page says so', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  gateway.clock.advance(601)
  await approve(page)
  gateway.clock.advance(-601)
  assert.equal(await title(page), 'This question has expired')
  assert.equal((await gateway.ports.handshakes.find(id))?.consentedScopes, undefined)
})

test('a double tap, and a tap in a second tab, count once and both end well', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  const grantsBefore = (await grantsOf()).length
  await page.goto(url)
  const second = await page.context().newPage()
  await second.goto(url)
  await page.dblclick('button[value=approve]')
  await page.waitForURL(/\/ath\/callback/)
  assert.equal(await title(page), 'Done')
  await deny(second)
  assert.equal(await title(second), 'Done')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'consented')
  const live = (await grantsOf()).slice(grantsBefore).filter(({ revokedAt }) => !revokedAt)
  assert.equal(live.length, 1)
})

test('neither answer has the focus, and both look alike and are easy to hit', async () => {
  for (const viewport of [
    { width: 390, height: 844 },
    { width: 1280, height: 900 },
  ]) {
    const page = await openPage({ viewport, javaScriptEnabled: true })
    await page.goto((await gateway.ask()).url)
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'BODY')
    const looks = await page.locator('.two button').evaluateAll((buttons) =>
      buttons.map((button) => {
        const { width, height, top } = button.getBoundingClientRect()
        const style = (button as unknown as Styled).computedStyleMap()
        const looks = ['color', 'background-color', 'border-top-color', 'font-size', 'font-weight']
        return { width, height, top, looks: looks.map((name) => String(style.get(name))) }
      }),
    )
    assert.equal(looks.length, 2)
    assert.deepEqual(looks[0], looks[1])
    assert.ok((looks[0]?.height ?? 0) >= 44)
  }
})

test('Enter in the form never says yes', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  await Promise.all([page.waitForNavigation(), page.press('[name="scope finance:read"]', 'Enter')])
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'denied')
})

test('the page is read in Chinese by choice or by the browser, and stays so', async () => {
  const page = await openPage({ locale: 'zh-CN' })
  const { url } = await gateway.ask()
  await page.goto(url)
  assert.equal(await title(page), '允许 Travel Helper 代您使用 Blue Harbour Finance 吗？')
  await go(page, '.lang')
  assert.equal(await title(page), 'Let Travel Helper use Blue Harbour Finance for you?')
  assert.match(page.url(), /state=agent-state/)
  for (const box of await page.locator('input[type=checkbox]').all()) await box.uncheck()
  await approve(page)
  assert.match((await page.textContent('[role=alert]')) ?? '', /Nothing is ticked/)
  await go(page, '.lang')
  assert.match((await title(page)) ?? '', /^允许/)
})

test('"Not you?" signs this browser out and comes back to the same question', async () => {
  const page = await openPage()
  const { url } = await gateway.ask()
  await page.goto(url)
  const before = (await page.context().cookies()).find(({ name }) => name === sessionCookie)
  await go(page, 'text=Not you')
  assert.equal(await title(page), 'You are signed out')
  assert.equal(gateway.logins.sessions.has(hashSecret(before?.value ?? '')), false)
  await go(page, 'text=another account')
  assert.equal(page.url(), url)
  assert.match((await title(page)) ?? '', /^Let Travel Helper/)
})

test('an answer that arrives after the session ended is not lost in silence', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  gateway.logins.sessions.clear()
  await approve(page)
  assert.equal(await title(page), 'Please sign in again')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
  await go(page, 'text=Sign in >> nth=-1')
  assert.match((await title(page)) ?? '', /^Let Travel Helper/)
})

test('a form without this session’s token decides nothing', async () => {
  const page = await openPage({ javaScriptEnabled: true })
  for (const value of ['', 'x'.repeat(43)]) {
    const { id, url } = await gateway.ask()
    await page.goto(url)
    await page.locator('form:has(.two) [name=csrf]').evaluate((field, text) => {
      field.setAttribute('value', text)
    }, value)
    await approve(page)
    assert.equal(await title(page), 'That did not come from our page')
    assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
  }
  assert.equal(gateway.events.at(-1)?.denial_reason, 'form_forged')
})

test('a form from another origin decides nothing, even with the token and the cookies', async () => {
  const page = await openPage({ javaScriptEnabled: true })
  const { id, url } = await gateway.ask()
  await page.goto(url)
  const token = await page.inputValue('form:has(.two) [name=csrf]')
  // Another port of the same host is another origin but the same site: cookies travel, `Origin` tells.
  const evil = await serve((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        `<form method=post action="${url}"><input name=csrf value="${token}"><input name="scope finance:read" value=on><input name=lifetime value=3600><button name=decision value=approve>x</button></form>`,
      ),
  )
  await page.goto(evil.url)
  await go(page, 'button')
  await evil.close()
  assert.equal(await title(page), 'That did not come from our page')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
})

test('the page cannot be framed', async () => {
  const page = await openPage({ javaScriptEnabled: true })
  await page.goto((await gateway.ask()).url)
  const { url } = await gateway.ask()
  const evil = await serve((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<iframe src="${url}"></iframe>`),
  )
  await page.goto(evil.url)
  assert.equal(await page.frames()[1]?.locator('form').count(), 0)
  await evil.close()
})

test('[R64] [R65] the answer counts only in the browser that holds the handshake', async () => {
  const first = await openPage()
  const second = await openPage()
  const { id, url } = await gateway.ask()
  await first.goto(url)
  await second.goto(url)
  await approve(first)
  assert.equal(await title(first), 'This began in another browser')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'bound')
  const cookie = (await second.context().cookies()).find(({ name }) => name === '__Host-ath_bind')
  assert.deepEqual(
    [cookie?.httpOnly, cookie?.secure, cookie?.sameSite, cookie?.path],
    [true, true, 'Lax', '/'],
  )
  await approve(second)
  assert.equal(await title(second), 'Done')
})

test('[R65] a provider’s callback that is opened in another browser gives nothing', async () => {
  const provider = await serve((_request, response) => response.end('signed in elsewhere'))
  gateway.upstreamUrl = `${provider.url}/authorize`
  const victim = await openPage()
  const { id, url } = await gateway.ask({ providerId: 'crm' })
  await victim.goto(url)
  await approve(victim)
  await victim.waitForURL(/\/authorize\?state=/)
  const state = new URL(victim.url()).searchParams.get('state')
  const thief = await openPage()
  await thief.goto(`${gateway.url}/ath/callback?code=x&state=${state}`)
  assert.equal(await title(thief), 'This began in another browser')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'failed')
  await provider.close()
})

test('people get through a provider that passes them on to a company log-in elsewhere', async () => {
  const sso = await serve((request, response) => {
    const state = new URL(request.url ?? '', 'http://sso').searchParams.get('state')
    response.writeHead(303, { location: `${gateway.url}/ath/callback?code=x&state=${state}` }).end()
  })
  const provider = await serve((request, response) => {
    response
      .writeHead(303, { location: `${sso.url.replace('127.0.0.1', 'localhost')}${request.url}` })
      .end()
  })
  gateway.upstreamUrl = `${provider.url}/authorize`
  const page = await openPage()
  const { id, url } = await gateway.ask({ providerId: 'crm' })
  await page.goto(url)
  await approve(page)
  await page.waitForURL(/\/ath\/callback/)
  assert.equal(await title(page), 'Done')
  assert.equal((await gateway.ports.handshakes.find(id))?.state, 'consented')
  await Promise.all([sso.close(), provider.close()])
})

test('[C8] an agent with its own address gets the browser back with its own state', async () => {
  const agent = await serve((_request, response) => response.end('back at the agent'))
  const page = await openPage()
  const { url, id } = await gateway.ask({ redirectUri: `${agent.url}/done` })
  await page.goto(url)
  await deny(page)
  await page.waitForURL(/\/done\?/)
  const { searchParams } = new URL(page.url())
  assert.equal(searchParams.get('error'), 'access_denied')
  assert.equal(searchParams.get('state'), 'agent-state')
  assert.equal(searchParams.get('ath_session_id'), id)
  await agent.close()
})

/** The part of the DOM's types that this file needs; the sources are checked without them. */
interface Styled {
  computedStyleMap(): ReadonlyMap<string, unknown>
}

const attacks = [
  '<script>document.title="pwned"</script>',
  '"><img src=x onerror="document.title=\'pwned\'">',
  "'><svg/onload=document.title='pwned'>",
  '</title><script>document.title="pwned"</script>',
  '</style><script>document.title="pwned"</script>',
  '<style>*{display:none}</style>',
  '--><!--<script>document.title="pwned"</script>',
  '{agent} ${document.title="pwned"} {{7*7}}',
  '<a href="javascript:document.title=\'pwned\'">Approve</a>',
  '<form action="https://evil.example"><button>Approve</button></form>',
  '&lt;script&gt;document.title="pwned"&lt;/script&gt;',
  'Bank\u202egnp.exe \u2066\u200b\u0000',
]

test('nothing that an agent says of itself becomes part of the page', async () => {
  // Without the page's policy, so that escaping alone has to hold.
  const page = await openPage({ javaScriptEnabled: true, bypassCSP: true })
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  for (const attack of attacks) {
    await gateway.introduce({
      name: attack,
      purpose: attack.repeat(20),
      developer: { name: attack, id: attack },
    })
    await page.goto((await gateway.ask()).url)
    assert.notEqual(await page.title(), 'pwned', attack)
    assert.equal(await page.locator('script, img, main a[href^=javascript]').count(), 0, attack)
    assert.equal(await page.locator('form').count(), 2, attack)
    assert.equal(await page.locator('style').count(), 1, attack)
    const text = (await page.textContent('main')) ?? ''
    assert.doesNotMatch(text, /[\u0000\u200b\u202e\u2066]/)
    assert.ok(await page.isVisible('button[value=deny]'), attack)
    await page.goto(
      `${gateway.url}/ath/callback?error=access_denied&ath_session_id=${encodeURIComponent(attack)}`,
    )
    assert.equal(await title(page), 'You said no')
  }
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(gateway.url)),
    [],
  )
  await gateway.introduce({
    name: 'Travel Helper',
    purpose: 'p',
    developer: { name: 'Example Travel Ltd', id: 'dev.example.com' },
  })
})

test('a long purpose is read in part, and in full by whoever wants', async () => {
  const purpose = `${'A long story. '.repeat(30)}THE END`
  await gateway.introduce({ purpose })
  const page = await openPage()
  await page.goto((await gateway.ask()).url)
  const [head] = await page.locator('blockquote > p').allTextContents()
  assert.ok((head ?? '').length <= 281)
  assert.equal(await page.isVisible('text=THE END'), false)
  await page.click('text=Read the rest')
  assert.equal(await page.isVisible('text=THE END'), true)
})

test('a person ends a grant on their own page, and only with their own form', async () => {
  const page = await openPage({ javaScriptEnabled: true })
  await page.goto((await gateway.ask()).url)
  await approve(page)
  await go(page, 'a[href="/me"]')
  const forms = page.locator('form[action^="/me/revoke"]')
  const count = await forms.count()
  assert.ok(count > 0)
  const grantId = await forms.first().locator('[name=permission]').inputValue()
  await forms
    .first()
    .locator('[name=csrf]')
    .evaluate((field) => field.setAttribute('value', 'x'))
  await go(page, `form:has([value="${grantId}"]) button`)
  assert.equal(await title(page), 'That did not come from our page')
  assert.equal((await gateway.ports.grants.find(grantId))?.revokedAt, undefined)
  await page.goto(`${gateway.url}/me`)
  await go(page, `form:has([value="${grantId}"]) button`)
  assert.match((await page.textContent('[role=status]')) ?? '', /Revoked/)
  assert.ok((await gateway.ports.grants.find(grantId))?.revokedAt)
  assert.equal(await forms.count(), count - 1)
})

test('[R105] [R106] a signed-in person revokes their token with their session, and not without its token', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  const session = (await page.context().cookies()).find(({ name }) => name === sessionCookie)
  const csrfToken = await page.inputValue('form[action="/logout"] [name=csrf]')
  const userId = gateway.logins.sessions.get(hashSecret(session?.value ?? ''))?.userId ?? ''
  const now = gateway.clock.now()
  const hash = hashSecret('ath_tk_of_this_person')
  await gateway.ports.tokens.insert({
    hash,
    grantId: 'gnt_none',
    clientId: 'ath_travel',
    agentId: 'https://agents.example.com/travel/agent.json',
    userId,
    providerId: 'finance',
    scopes: ['finance:read'],
    issuedAt: now,
    expiresAt: now + 3600,
  })
  const revoke = (headers: Record<string, string>) =>
    fetch(`${gateway.url}/ath/revoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ token: 'ath_tk_of_this_person' }),
    })
  const cookie = `${sessionCookie}=${session?.value}`
  const origin = gateway.url
  for (const headers of [
    {},
    { 'x-csrf-token': csrfToken, origin },
    { cookie, origin },
    { cookie, 'x-csrf-token': csrfToken },
    { cookie, 'x-csrf-token': csrfToken, origin: 'https://evil.example' },
    { cookie: `${sessionCookie}=${'x'.repeat(43)}`, 'x-csrf-token': csrfToken, origin },
  ])
    assert.equal((await revoke(headers as Record<string, string>)).status, 401)
  assert.equal((await gateway.ports.tokens.find(hash))?.revokedAt, undefined)
  assert.equal((await revoke({ cookie, 'x-csrf-token': csrfToken, origin })).status, 200)
  assert.ok((await gateway.ports.tokens.find(hash))?.revokedAt)
})
