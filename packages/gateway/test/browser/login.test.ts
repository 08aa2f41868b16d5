import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { hashSecret } from '@ath-protocol/server'
import { type Browser, openBrowser, type Page } from '@sallyport/testing'
import { devIssuer, sessionCookie } from '@ath-protocol/server/parts'
import { startGateway, type TestGateway } from './gateway.ts'
import {
  signInAtProvider,
  startIdentityProvider,
  type TestIdentityProvider,
} from './identity-provider.ts'

const sessionSeconds = 8 * 3600

let browser: Browser
let gateway: TestGateway
let provider: TestIdentityProvider
let providerIsUp = true

before(async () => {
  gateway = await startGateway(
    async (url) => {
      provider = await startIdentityProvider(`${url}/login/callback`)
      const { issuer, clientId, clientSecret } = provider
      return {
        kind: 'oidc',
        issuer,
        clientId,
        clientSecret,
        scopes: ['profile', 'email'],
        sessionSeconds,
      }
    },
    {
      outbound: (url, init) =>
        providerIsUp ? fetch(url, init) : Promise.reject(new TypeError('fetch failed')),
    },
  )
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
  await provider?.close()
})

async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(10_000)
  return context.newPage()
}

const title = (page: Page) => page.textContent('h1')
const cookieOf = async (page: Page) =>
  (await page.context().cookies()).find(({ name }) => name === sessionCookie)
const sessionOf = async (page: Page) =>
  gateway.logins.sessions.get(hashSecret((await cookieOf(page))?.value ?? ''))
const isSignedIn = async (page: Page) => {
  await page.goto(`${gateway.url}/me`)
  return page.url().startsWith(gateway.url)
}

/** Begins a log-in and stops the browser where the provider sends it back; gives that address. */
async function stopAtCallback(page: Page, path = '/me'): Promise<string> {
  gateway.holdsCallbacks = true
  await page.goto(`${gateway.url}${path}`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/login\/callback/)
  gateway.holdsCallbacks = false
  return page.url()
}

test('[C24] the person who consents signed in at the company, and is the same user the next time and elsewhere', async () => {
  const page = await openPage()
  const { id, url } = await gateway.ask()
  await page.goto(url)
  assert.ok(page.url().startsWith(provider.issuer))
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(url)
  assert.match(
    (await page.textContent('main')) ?? '',
    /Signed in as xiao Wang \(xiao@example\.com\)/,
  )
  await Promise.all([page.waitForNavigation(), page.click('button[value=approve]')])
  const userId = (await gateway.ports.handshakes.find(id))?.userId ?? ''
  const user = await gateway.logins.findUser(userId)
  assert.deepEqual([user?.issuer, user?.subject], [provider.issuer, 'xiao'])

  const elsewhere = await openPage()
  await elsewhere.goto(`${gateway.url}/me`)
  await signInAtProvider(elsewhere, 'xiao')
  await elsewhere.waitForURL(/\/me$/)
  assert.equal((await sessionOf(elsewhere))?.userId, userId)
  const other = await openPage()
  await other.goto(`${gateway.url}/me`)
  await signInAtProvider(other, 'min')
  await other.waitForURL(/\/me$/)
  assert.notEqual((await sessionOf(other))?.userId, userId)
})

test('the request to the provider carries PKCE S256, state, nonce and the configured redirect URI', async () => {
  const answer = await fetch(`${gateway.url}/login`, { redirect: 'manual' })
  assert.equal(answer.status, 302)
  const { origin, searchParams } = new URL(answer.headers.get('location') ?? '')
  assert.equal(origin, provider.issuer)
  assert.equal(searchParams.get('response_type'), 'code')
  assert.equal(searchParams.get('redirect_uri'), `${gateway.url}/login/callback`)
  assert.equal(searchParams.get('code_challenge_method'), 'S256')
  for (const name of ['code_challenge', 'state', 'nonce'])
    assert.match(searchParams.get(name) ?? '', /^[A-Za-z0-9_-]{43}$/, name)
  assert.equal(searchParams.get('scope'), 'openid profile email')
})

test('the session’s cookie is out of reach of scripts, other sites and plain http, and only its hash is kept', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  const cookie = await cookieOf(page)
  assert.deepEqual(
    [cookie?.httpOnly, cookie?.secure, cookie?.sameSite, cookie?.path],
    [true, true, 'Lax', '/'],
  )
  assert.match(cookie?.value ?? '', /^[A-Za-z0-9_-]{43}$/)
  assert.ok(!JSON.stringify([...gateway.logins.sessions]).includes(cookie?.value ?? ''))
  assert.ok(!JSON.stringify(gateway.events).includes(cookie?.value ?? ''))
})

test('a session cookie that somebody planted before the log-in is worth nothing after it', async () => {
  const page = await openPage()
  const planted = 'p'.repeat(43)
  await page.context().addCookies([
    {
      name: sessionCookie,
      value: planted,
      domain: '127.0.0.1',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
    },
  ])
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  assert.notEqual((await cookieOf(page))?.value, planted)
  assert.equal(gateway.logins.sessions.has(hashSecret(planted)), false)
})

test('signing in again ends the session before', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  const before = (await cookieOf(page))?.value ?? ''
  await page.goto(`${gateway.url}/login?prompt=login`)
  await signInAtProvider(page, 'min')
  await page.waitForURL(/\/me$/)
  assert.notEqual((await cookieOf(page))?.value, before)
  assert.equal(gateway.logins.sessions.has(hashSecret(before)), false)
})

test('[D19] a session that the provider gave without asking adds no key: it is as old as the proof behind it', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  gateway.clock.advance(3600)
  // Whoever finds the browser open drops the gateway's cookie and lets the provider remember.
  await page.context().clearCookies({ name: sessionCookie })
  await page.goto(`${gateway.url}/me/keys`)
  await page.waitForURL(/\/me\/keys$/)
  const { createdAt = Number.NaN } = (await sessionOf(page)) ?? {}
  assert.ok(createdAt < gateway.clock.now() - 3000)
  assert.equal(await page.locator('textarea[name=key]').count(), 0)
  await page.click('a.button[href^="/login"]')
  await page.waitForSelector('input[name=password]')
  gateway.clock.advance(-3600)
})

test('a callback works once', async () => {
  const page = await openPage()
  const callback = await stopAtCallback(page)
  await page.goto(callback)
  assert.equal(await title(page), 'My agents')
  const response = await page.goto(callback)
  assert.equal(response?.status(), 400)
  assert.equal(await title(page), 'This sign-in is over')
})

test('a callback that was stolen signs nobody in, and is spent', async () => {
  const victim = await openPage()
  const callback = await stopAtCallback(victim)
  const thief = await openPage()
  const response = await thief.goto(callback)
  assert.equal(response?.status(), 400)
  assert.equal(await title(thief), 'This sign-in began in another browser')
  assert.equal(await cookieOf(thief), undefined)
  await victim.goto(callback)
  assert.equal(await title(victim), 'This sign-in is over')
  assert.equal(await cookieOf(victim), undefined)
})

test('a callback that an attacker began does not sign the victim in as the attacker', async () => {
  const attacker = await openPage()
  const callback = await stopAtCallback(attacker)
  const victim = await openPage()
  await victim.goto(`${gateway.url}/login`)
  await victim.goto(callback)
  assert.equal(await title(victim), 'This sign-in began in another browser')
  assert.equal(await cookieOf(victim), undefined)
})

test('two tabs can sign in at once', async () => {
  const page = await openPage()
  const first = await stopAtCallback(page, '/me?lang=en')
  const second = await page.context().newPage()
  await second.goto(`${gateway.url}/me`)
  await second.waitForURL(/\/me$/)
  await page.goto(first)
  assert.equal(page.url(), `${gateway.url}/me?lang=en`)
})

const changed: Readonly<Record<string, (query: URLSearchParams) => void>> = {
  'of another issuer (RFC 9207)': (query) => query.set('iss', 'https://evil.example'),
  'without the issuer that the provider promised': (query) => query.delete('iss'),
  'with another code': (query) => query.set('code', 'x'.repeat(43)),
  'with a second state': (query) => query.append('state', 'x'),
}
for (const [what, change] of Object.entries(changed))
  test(`a callback ${what} signs nobody in`, async () => {
    const page = await openPage()
    const callback = new URL(await stopAtCallback(page))
    change(callback.searchParams)
    const response = await page.goto(callback.href)
    assert.equal(response?.status(), 502)
    assert.equal(await title(page), 'The sign-in did not work')
    assert.equal(await cookieOf(page), undefined)
    assert.equal(gateway.events.at(-1)?.event, 'user_sign_in_failed')
  })

test('a callback with an unknown state, or none, signs nobody in', async () => {
  const page = await openPage()
  for (const query of ['', '?code=x', '?code=x&state=unknown']) {
    const response = await page.goto(`${gateway.url}/login/callback${query}`)
    assert.equal(response?.status(), 400)
    assert.equal(await title(page), 'This sign-in is over')
  }
})

test('a log-in that takes longer than ten minutes is over', async () => {
  const page = await openPage()
  const callback = await stopAtCallback(page)
  gateway.clock.advance(601)
  await page.goto(callback)
  gateway.clock.advance(-601)
  assert.equal(await title(page), 'This sign-in is over')
})

test('whoever cancels at the provider reads that they are not signed in, and can try again', async () => {
  const page = await openPage()
  const callback = new URL(await stopAtCallback(page))
  callback.searchParams.delete('code')
  callback.searchParams.set('error', 'access_denied')
  const response = await page.goto(callback.href)
  assert.equal(response?.status(), 403)
  assert.equal(await title(page), 'You are not signed in')
  await Promise.all([page.waitForNavigation(), page.click('.button')])
  await page.waitForURL(/\/me$/)
})

for (const target of [
  '//evil.example',
  '/\\evil.example',
  'https://evil.example/',
  '/.//evil.example',
])
  test(`a log-in with return_to ${target} ends on the person’s own page`, async () => {
    const page = await openPage()
    await page.goto(`${gateway.url}/login?return_to=${encodeURIComponent(target)}`)
    await signInAtProvider(page, 'xiao')
    await page.waitForURL(`${gateway.url}/me`)
    const again = await page.goto(`${gateway.url}/login?return_to=${encodeURIComponent(target)}`)
    assert.equal(again?.url(), `${gateway.url}/me`)
  })

test('signing out needs the person’s own form, and ends the session everywhere', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  const { value } = (await cookieOf(page)) ?? assert.fail()
  const post = (headers: Record<string, string>, body = '') =>
    fetch(`${gateway.url}/logout`, {
      method: 'POST',
      headers: {
        cookie: `${sessionCookie}=${value}`,
        'content-type': 'application/x-www-form-urlencoded',
        ...headers,
      },
      body,
    })
  assert.equal((await post({ origin: gateway.url })).status, 400)
  const csrf = await page.inputValue('[name=csrf]')
  assert.equal((await post({ origin: 'https://evil.example' }, `csrf=${csrf}`)).status, 400)
  assert.equal((await post({}, `csrf=${csrf}`)).status, 400)
  assert.ok(gateway.logins.sessions.has(hashSecret(value)))
  assert.equal((await fetch(`${gateway.url}/logout`)).status, 405)

  await Promise.all([page.waitForNavigation(), page.click('form[action="/logout"] button')])
  assert.equal(await title(page), 'You are signed out')
  assert.equal(await cookieOf(page), undefined)
  const replayed = await fetch(`${gateway.url}/me`, {
    headers: { cookie: `${sessionCookie}=${value}` },
    redirect: 'manual',
  })
  assert.match(replayed.headers.get('location') ?? '', /^\/login\?/)
  assert.equal(gateway.events.at(-1)?.event, 'user_signed_out')
})

test('a session ends at its time, however busy it is', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  const cookie = { cookie: `${sessionCookie}=${(await cookieOf(page))?.value}` }
  const me = () => fetch(`${gateway.url}/me`, { headers: cookie, redirect: 'manual' })
  gateway.clock.advance(sessionSeconds - 60)
  assert.equal((await me()).status, 200)
  gateway.clock.advance(61)
  assert.equal((await me()).status, 302)
  gateway.clock.advance(-sessionSeconds - 1)
})

test('a session from a development log-in does not count where a real one is configured', async () => {
  const person = await gateway.logins.ensureUser({ issuer: devIssuer, subject: 'Wang' })
  const now = gateway.clock.now()
  await gateway.logins.insertSession({
    hash: hashSecret('left over'),
    userId: person.id,
    csrfToken: 'x',
    createdAt: now,
    expiresAt: now + 3600,
  })
  const headers = { cookie: `${sessionCookie}=left over` }
  assert.equal((await fetch(`${gateway.url}/me`, { headers, redirect: 'manual' })).status, 302)
})

test('too many log-ins from one address are told to wait', async () => {
  gateway.limited = { retryAfterSeconds: 30, limit: '10/minute' }
  const answer = await fetch(`${gateway.url}/login`, { redirect: 'manual' })
  gateway.limited = undefined
  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('retry-after'), '30')
  assert.match(await answer.text(), /Wait 30 seconds/)
})

test('the gateway runs while the identity provider is down, says so, and goes on when it is back', async () => {
  const down = await startGateway(
    {
      kind: 'oidc',
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      scopes: [],
      sessionSeconds,
    },
    {
      outbound: (url, init) =>
        providerIsUp ? fetch(url, init) : Promise.reject(new TypeError('fetch failed')),
    },
  )
  providerIsUp = false
  const answer = await fetch(`${down.url}/login`, { redirect: 'manual' })
  assert.equal(answer.status, 503)
  assert.match(await answer.text(), /Sign-in cannot be reached/)
  assert.deepEqual(
    [down.events.at(-1)?.event, down.events.at(-1)?.outcome],
    ['user_sign_in_failed', 'error'],
  )
  providerIsUp = true
  down.clock.advance(2)
  assert.equal((await fetch(`${down.url}/login`, { redirect: 'manual' })).status, 302)
  await down.close()
})

test('who is signed in stays signed in without a second log-in', async () => {
  const page = await openPage()
  await page.goto(`${gateway.url}/me`)
  await signInAtProvider(page, 'xiao')
  await page.waitForURL(/\/me$/)
  const sessions = gateway.logins.sessions.size
  await page.goto((await gateway.ask()).url)
  assert.match((await title(page)) ?? '', /^Let Travel Helper/)
  assert.equal(gateway.logins.sessions.size, sessions)
  assert.equal(await isSignedIn(page), true)
})

test('every log-in and every failure is recorded, without codes, states or secrets', async () => {
  const names = new Set(gateway.events.map(({ event }) => event))
  for (const name of ['user_signed_in', 'user_signed_out', 'user_sign_in_failed'] as const)
    assert.ok(names.has(name), name)
  const records = JSON.stringify(gateway.events)
  assert.ok(!records.includes(provider.clientSecret))
  assert.doesNotMatch(records, /code=|state=|eyJ/)
})
