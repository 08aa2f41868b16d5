import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, beforeEach, test } from 'node:test'
import {
  accessibilityFaults,
  type Browser,
  createDidKey,
  NineStepAgent,
  openBrowser,
  type Page,
} from '@sallyport/testing'
import { hashSecret, type NineStepPorts } from '@ath-protocol/server'
import { parseCredential, verifyCredential, type UserId } from '@ath-protocol/types'
import { sessionCookie } from '@ath-protocol/server/parts'
import { startGateway, type TestGateway } from './gateway.ts'

let browser: Browser
let gateway: TestGateway
let nineStep: NineStepPorts
let page: Page
let userId: UserId

before(async () => {
  gateway = await startGateway(
    { kind: 'dev', user: 'Wang Xiao' },
    {
      config: {
        nineStep: {
          encryption: 'off',
          confirmation: 'always',
          sessionLifetimeSeconds: 3600,
          pinnedDids: [],
        },
      },
    },
  )
  nineStep = gateway.ports.nineStep as NineStepPorts
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})
beforeEach(async () => {
  page = await openPage()
  await page.goto(`${gateway.url}/me`)
  const cookies = await page.context().cookies()
  const value = cookies.find(({ name }) => name === sessionCookie)?.value ?? ''
  userId = gateway.logins.sessions.get(hashSecret(value))?.userId ?? ''
  for (const { thumbprint } of await nineStep.userKeys.list(userId))
    await nineStep.userKeys.remove(userId, thumbprint)
})

/** Scripts are off: nothing here may depend on them. */
async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options })
  context.setDefaultTimeout(10_000)
  return context.newPage()
}
const go = async (on: Page, selector: string) => {
  const [response] = await Promise.all([on.waitForNavigation(), on.click(selector)])
  return response
}
const said = async () => (await page.textContent('.alert'))?.trim() ?? ''
const send = (path: string) => `form[method=post][action="${path}"] button`

const agentDid = `did:ath:${'A'.repeat(43)}`

async function insertSession(id: string): Promise<void> {
  const now = gateway.clock.now()
  const key = await createDidKey()
  const grants = ['finance', 'crm'].map((providerId) => ({
    grantId: `gnt_${id}_${providerId}`,
    providerId,
  }))
  for (const { grantId, providerId } of grants)
    await gateway.ports.grants.insert({
      id: grantId,
      clientId: 'ath_travel',
      agentId: 'did',
      userId,
      userSource: 'login',
      providerId,
      scopes: ['finance:read'],
      restrictions: [{ access_time: '9:00-18:00', access_timezone: 'Asia/Shanghai' }],
      sessionId: id,
      createdAt: now,
      expiresAt: now + 3600,
    })
  await nineStep.sessions.insert({
    id,
    handshakeId: `ath_hs_${id}`,
    clientId: 'ath_travel',
    agentId: 'did',
    clientDid: key.did,
    clientKey: key.publicKey.jwk,
    thumbprint: key.publicKey.thumbprint,
    userId,
    grants,
    credentialId: `uc_${id}`,
    createdAt: now,
    expiresAt: now + 3600,
  })
}

test('a session is one entry with all its services and limits, and ends as a whole', async () => {
  await insertSession('ath_ses_one')
  await page.goto(`${gateway.url}/me`)
  const entry = page.locator('article', { has: page.locator('[value=ath_ses_one]') })
  const text = (await entry.textContent()) ?? ''
  assert.match(text, /Blue Harbour Finance/)
  assert.match(text, /Blue Harbour CRM/)
  assert.match(text, /9:00/)
  await go(page, 'form:has([value=ath_ses_one]) button')
  assert.match(await said(), /Revoked/)
  assert.notEqual((await nineStep.sessions.find('ath_ses_one'))?.revokedAt, undefined)
  for (const provider of ['finance', 'crm'])
    assert.ok((await gateway.ports.grants.find(`gnt_ath_ses_one_${provider}`))?.revokedAt)
  assert.ok(gateway.events.some(({ event }) => event === 'session_ended'))
})

test('nobody ends another person’s session', async () => {
  const own = userId
  userId = 'usr_other'
  await insertSession('ath_ses_other')
  userId = own
  await insertSession('ath_ses_mine')
  await page.goto(`${gateway.url}/me`)
  assert.equal(await page.locator('[value=ath_ses_other]').count(), 0)
  const csrf = await page.inputValue('form[action="/logout"] [name=csrf]')
  await page.request.post(`${gateway.url}/me/revoke`, {
    form: { csrf, permission: 'ath_ses_other' },
    headers: { origin: gateway.url },
  })
  assert.equal((await nineStep.sessions.find('ath_ses_other'))?.revokedAt, undefined)
  await go(page, 'form:has([value=ath_ses_mine]) button')
})

test('[U6] a person adds a public key, sees its DID and removes it', async () => {
  const key = await createDidKey()
  await page.goto(`${gateway.url}/me/keys`)
  await page.fill('#label', 'Work laptop')
  await page.fill('#key', key.pem)
  await go(page, send('/me/keys'))
  assert.match(await said(), /^Added/)
  assert.match((await page.textContent('article')) ?? '', new RegExp(key.did))
  assert.equal((await nineStep.userKeys.find(key.publicKey.thumbprint))?.userId, userId)
  assert.equal(gateway.events.at(-1)?.event, 'user_key_added')
  await go(page, 'article button')
  assert.match(await said(), /^Removed/)
  assert.equal(await nineStep.userKeys.find(key.publicKey.thumbprint), undefined)
  assert.equal(gateway.events.at(-1)?.event, 'user_key_removed')
})

test('[U6] a key that a program offers in the address is added only after its fingerprint was shown', async () => {
  const key = await createDidKey('EdDSA')
  const jwk = Buffer.from(JSON.stringify(key.publicKey.jwk)).toString('base64url')
  await page.goto(`${gateway.url}/me/keys?key=${jwk}&label=athx%20on%20wang-laptop`)
  assert.equal(await page.textContent('h1'), 'Add this key?')
  assert.match((await page.textContent('dd')) ?? '', new RegExp(key.publicKey.thumbprint))
  assert.match(await said(), /only if you just started this yourself/)
  assert.equal((await nineStep.userKeys.list(userId)).length, 0, 'looking adds nothing')
  await go(page, send('/me/keys'))
  const [added] = await nineStep.userKeys.list(userId)
  assert.equal(added?.thumbprint, key.publicKey.thumbprint)
  assert.equal(added?.label, 'athx on wang-laptop')
})

test('a key that a program offers is not added when the person says so', async () => {
  const key = await createDidKey()
  const jwk = Buffer.from(JSON.stringify(key.publicKey.jwk)).toString('base64url')
  await page.goto(`${gateway.url}/me/keys?key=${jwk}&label=athx`)
  await go(page, 'main a.button')
  assert.equal(new URL(page.url()).search, '')
  assert.equal((await nineStep.userKeys.list(userId)).length, 0)
})

test('to add a key the person signed in at most ten minutes ago, and comes back to what they were asked', async () => {
  const key = await createDidKey()
  const jwk = Buffer.from(JSON.stringify(key.publicKey.jwk)).toString('base64url')
  const offered = `${gateway.url}/me/keys?key=${jwk}&label=athx`
  await page.goto(offered)
  gateway.clock.advance(601)
  await go(page, send('/me/keys'))
  assert.equal((await nineStep.userKeys.list(userId)).length, 0)
  await page.goto(offered)
  assert.equal(await page.locator(send('/me/keys')).count(), 0)
  await go(page, 'main a.button')
  assert.equal(page.url(), offered)
  await go(page, send('/me/keys'))
  assert.equal((await nineStep.userKeys.list(userId)).length, 1)
})

const pair = async () => {
  const { privateKey } = await createDidKey()
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey)).toString('base64')
  return {
    pem: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`,
    jwk: JSON.stringify(await crypto.subtle.exportKey('jwk', privateKey)),
  }
}
const wrongKeys: Readonly<Record<string, [() => Promise<string>, RegExp]>> = {
  'no key': [async () => 'hello', /not a public key/],
  'an RSA key': [
    async () => {
      const algorithm = {
        name: 'RSASSA-PKCS1-v1_5',
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: 'SHA-256',
      }
      const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      return JSON.stringify(await crypto.subtle.exportKey('jwk', keys.publicKey))
    },
    /not a public key/,
  ],
  'a private key as PEM': [async () => (await pair()).pem, /This is a private key/],
  'a private key as JWK': [async () => (await pair()).jwk, /This is a private key/],
}
for (const [what, [make, sentence]] of Object.entries(wrongKeys))
  test(`[U6] ${what} is not added`, async () => {
    await page.goto(`${gateway.url}/me/keys`)
    await page.fill('#label', 'wrong')
    await page.fill('#key', await make())
    const response = await go(page, send('/me/keys'))
    assert.equal(response?.status(), 400)
    assert.match(await said(), sentence)
    assert.equal((await nineStep.userKeys.list(userId)).length, 0)
  })

test('[U6] a key belongs to one person, a name is one line, and nobody has more than twenty', async () => {
  const key = await createDidKey()
  const { thumbprint, jwk } = key.publicKey
  await nineStep.userKeys.insert({ thumbprint, userId: 'usr_x', jwk, label: 'x', createdAt: 0 })
  const post = async (form: Record<string, string>) => {
    await page.goto(`${gateway.url}/me/keys`)
    const csrf = await page.inputValue(`form[action="/me/keys"] [name=csrf]`)
    const answer = await page.request.post(`${gateway.url}/me/keys`, {
      form: { csrf, ...form },
      headers: { origin: gateway.url },
      maxRedirects: 0,
    })
    return answer.text()
  }
  assert.match(await post({ label: 'x', key: key.pem }), /registered already/)
  const fresh = await createDidKey()
  for (const label of ['', ' ', 'two\nlines', 'x'.repeat(61), 'a\u202eb'])
    assert.match(await post({ label, key: fresh.pem }), /needs a name/)
  assert.match(await post({ label: 'x', key: 'x'.repeat(3000) }), /not a public key/)
  for (let number = 0; number < 20; number++)
    await nineStep.userKeys.insert({
      thumbprint: `thumbprint${number}`,
      userId,
      jwk,
      label: 'x',
      createdAt: 0,
    })
  assert.match(await post({ label: 'x', key: fresh.pem }), /as many keys as there can be/)
})

async function introduceDidAgent(): Promise<void> {
  const now = gateway.clock.now()
  await gateway.ports.registry.insert({
    clientId: 'ath_office',
    agentId: agentDid,
    name: 'Office Assistant <b>',
    developer: { name: 'Blue Harbour', id: 'blue-harbour' },
    status: 'approved',
    requested: [],
    approvals: [],
    approvalExpiresAt: now + 1e6,
    secretHash: 'x',
    registeredAt: now,
    decidedAt: now,
    decidedBy: 'operator:chen',
  })
}

test('[U6] [D21] a person allows an agent ahead of time, gets the text once, and takes it back', async () => {
  await introduceDidAgent()
  await page.goto(`${gateway.url}/me/ahead`)
  await page.selectOption('#agent', agentDid)
  await page.check('[name="scope finance:read"]')
  await page.selectOption('#lifetime', '3600')
  await page.check('[name=one_time]')
  await go(page, send('/me/ahead'))
  assert.equal(await page.textContent('h1'), 'Allowed ahead of time')
  const text = await page.inputValue('#credential')
  const parsed = parseCredential(text)
  assert.ok(parsed.ok)
  const { credential } = parsed.value
  assert.equal(credential.clientDid, agentDid)
  assert.equal(credential.clientThumbprint, 'A'.repeat(43))
  assert.equal(credential.userDid, `did:ath:${userId}`)
  assert.deepEqual(credential.scopes, ['finance:read'])
  assert.equal(credential.oneTime, true)
  assert.equal(credential.expiresAt - (credential.issuedAt ?? 0), 3600)
  assert.ok((await verifyCredential(parsed.value, nineStep.handshakeKey.publicKey)).ok)
  await go(page, 'main a.button')
  assert.ok(!(await page.content()).includes(text), 'it is shown once')
  assert.match((await page.textContent('article h2')) ?? '', /Office Assistant <b>/)
  await go(page, 'article button')
  assert.match(await said(), /Taken back/)
  const [given] = await nineStep.preAuthorizations.list(userId)
  assert.notEqual(given?.revokedAt, undefined)
  assert.equal(await page.locator('article button').count(), 0)
})

test('[U6] an agent that is not in the list is named by its DID and, where that says none, its key', async () => {
  const key = await createDidKey()
  await page.goto(`${gateway.url}/me/ahead`)
  // Open already where there is no list.
  if (!(await page.isVisible('#did'))) await page.click('summary')
  await page.fill('#did', 'did:ath:ai_office_assistant_001')
  await page.fill('#key', key.pem)
  await page.check('[name="scope finance:read"]')
  await go(page, send('/me/ahead'))
  const parsed = parseCredential(await page.inputValue('#credential'))
  assert.ok(parsed.ok)
  assert.equal(parsed.value.credential.clientThumbprint, key.publicKey.thumbprint)
})

const wrongWishes: Readonly<Record<string, [Record<string, string>, RegExp]>> = {
  'no agent': [{ did: '' }, /Choose an agent/],
  'a name that is no DID': [{ did: 'https://agent.example.com' }, /begins with/],
  'a label without its key': [{ did: 'did:ath:somebody' }, /key does not fit/],
  'a key that is not the DID’s': [{ did: agentDid, key: 'other' }, /key does not fit/],
  'no scope': [{ did: agentDid, 'scope finance:read': '' }, /Nothing is ticked/],
  'a scope that is not there': [
    { did: agentDid, 'scope finance:read': '', 'scope finance:fly': 'on' },
    /Nothing is ticked/,
  ],
  'a time that was not offered': [{ did: agentDid, lifetime: '31536000' }, /Choose an agent/],
}
for (const [what, [changes, sentence]] of Object.entries(wrongWishes))
  test(`[U6] nothing is allowed ahead of time for ${what}`, async () => {
    const before = (await nineStep.preAuthorizations.list(userId)).length
    await page.goto(`${gateway.url}/me/ahead`)
    const csrf = await page.inputValue(`form[action="/me/ahead"] [name=csrf]`)
    const form: Record<string, string> = {
      csrf,
      'scope finance:read': 'on',
      lifetime: '3600',
      ...changes,
    }
    if (form['key'] === 'other') form['key'] = (await createDidKey()).pem
    const answer = await page.request.post(`${gateway.url}/me/ahead`, {
      form,
      headers: { origin: gateway.url },
    })
    assert.equal(answer.status(), 400)
    assert.match(await answer.text(), sentence)
    assert.equal((await nineStep.preAuthorizations.list(userId)).length, before)
  })

test('the pages change nothing for a form that is not theirs', async () => {
  const key = await createDidKey()
  const forms: Readonly<Record<string, Record<string, string>>> = {
    '/me/keys': { label: 'x', key: key.pem },
    '/me/keys/remove': { key: key.publicKey.thumbprint },
    '/me/ahead': { did: agentDid, 'scope finance:read': 'on', lifetime: '3600' },
    '/me/ahead/revoke': { credential: 'x' },
    '/me/passkeys': { label: 'x', passkey: '{}' },
    '/me/passkeys/remove': { passkey: 'x' },
    '/me/revoke': { permission: 'x' },
  }
  await page.goto(`${gateway.url}/me`)
  const csrf = await page.inputValue('[name=csrf]')
  for (const [path, form] of Object.entries(forms))
    for (const [headers, token] of [
      [{ origin: gateway.url }, 'wrong'],
      [{ origin: 'https://evil.example' }, csrf],
    ] as const) {
      const answer = await page.request.post(`${gateway.url}${path}`, {
        form: { ...form, csrf: token },
        headers,
      })
      assert.match(await answer.text(), /That did not come from our page/, path)
    }
  assert.equal((await nineStep.userKeys.list(userId)).length, 0)
})

test('who is not signed in is led through the log-in and back', async () => {
  for (const path of ['/me/keys?key=abc&label=x', '/me/ahead', '/me/answers', '/me/passkeys']) {
    const other = await openPage()
    await other.goto(`${gateway.url}${path}`)
    assert.equal(other.url(), `${gateway.url}${path}`)
    await other.context().close()
  }
})

test('[D14] [D21] a question waits on the person’s page, their answer opens a session, and taking the credential back ends it', async () => {
  const key = await createDidKey()
  const now = gateway.clock.now()
  await gateway.ports.registry.insert({
    clientId: 'ath_nine_step',
    agentId: key.did,
    name: 'Invoice Sorter',
    developer: { name: 'Blue Harbour', id: 'blue-harbour' },
    status: 'approved',
    requested: [],
    approvals: [{ provider_id: 'finance', approved_scopes: ['finance:read'], denied_scopes: [] }],
    approvalExpiresAt: now + 1e6,
    secretHash: 'x',
    registeredAt: now,
    decidedAt: now,
    decidedBy: 'operator:chen',
  })
  await page.goto(`${gateway.url}/me/ahead`)
  await page.selectOption('#agent', key.did)
  await page.check('[name="scope finance:read"]')
  await go(page, send('/me/ahead'))
  const credential = await page.inputValue('#credential')
  const agent = new NineStepAgent({
    key,
    now: () => gateway.clock.now(),
    send: async (method, path, { body, headers }) => {
      const answer = await fetch(`${gateway.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> }
    },
  })
  await agent.greet()
  await agent.identify()
  assert.equal((await agent.request(credential, ['finance:read'])).status, 202)
  await page.goto(`${gateway.url}/me`)
  const waiting = page.locator('section', { has: page.locator('#waiting') })
  assert.match((await waiting.textContent()) ?? '', /Invoice Sorter asks for a permission/)
  await go(page, 'a[href^="/ath/confirm/"]')
  await go(page, 'button[value=approve]')
  assert.equal((await agent.poll()).status, 200)
  assert.equal((await agent.complete()).status, 200)
  await page.goto(`${gateway.url}/me`)
  assert.equal(await page.locator('#waiting').count(), 0)
  const entry = page.locator('article', { hasText: 'Invoice Sorter' })
  const sessionId = await entry.locator('[name=permission]').inputValue()
  assert.equal(sessionId, agent.sessionId)
  await page.goto(`${gateway.url}/me/ahead`)
  const card = page.locator('article', { hasText: 'Invoice Sorter' })
  await Promise.all([page.waitForNavigation(), card.locator('button').click()])
  assert.match(await said(), /What was opened with it has ended/)
  assert.notEqual((await nineStep.sessions.find(sessionId))?.revokedAt, undefined)
})

test('answered questions stand there in plain sentences', async () => {
  const asked = await gateway.ask()
  await page.goto(asked.url)
  await go(page, 'button[value=approve]')
  const denied = await gateway.ask()
  await page.goto(denied.url)
  await go(page, 'button[value=deny]')
  await page.goto(`${gateway.url}/me/answers`)
  const [latest, before] = await page.locator('article').allTextContents()
  assert.match(latest ?? '', /You said no to Travel Helper/)
  assert.match(before ?? '', /You allowed Travel Helper, for 8 hours/)
  assert.match(before ?? '', /Read invoices and balances at Blue Harbour Finance/)
  assert.match(before ?? '', /signed in on this site/)
})

/** A folder for pictures, when somebody wants to look at the pages. */
const pictures = process.env['PICTURES']

for (const locale of ['en-US', 'zh-CN'])
  test(`a person’s pages are accessible, small and fit on a phone and on a desk (${locale})`, async () => {
    const key = await createDidKey()
    const jwk = Buffer.from(JSON.stringify(key.publicKey.jwk)).toString('base64url')
    await insertSession(`ath_ses_seen_${locale}`)
    await nineStep.userKeys.insert({
      thumbprint: key.publicKey.thumbprint,
      userId,
      jwk: key.publicKey.jwk,
      label: 'Work laptop',
      createdAt: gateway.clock.now(),
    })
    const paths = {
      me: '/me',
      answers: '/me/answers',
      keys: '/me/keys',
      'keys-offered': `/me/keys?key=${jwk}&label=athx%20on%20laptop`,
      ahead: '/me/ahead',
      passkeys: '/me/passkeys',
    }
    for (const width of [390, 1280])
      for (const colorScheme of ['light', 'dark'] as const) {
        const context = await browser.newContext({
          locale,
          colorScheme,
          viewport: { width, height: 844 },
          bypassCSP: true,
        })
        const seen = await context.newPage()
        for (const [name, path] of Object.entries(paths)) {
          await seen.goto(`${gateway.url}${path}`)
          if (pictures !== undefined) {
            mkdirSync(pictures, { recursive: true })
            const file = `${pictures}/${name}-${locale}-${width}-${colorScheme}.png`
            await seen.screenshot({ path: file, fullPage: true })
          }
          assert.ok(Buffer.byteLength(await seen.content()) <= 20 * 1024, name)
          assert.deepEqual(await accessibilityFaults(seen), [], name)
          for (const narrow of [width, Math.min(width, 320)]) {
            await seen.setViewportSize({ width: narrow, height: 844 })
            const needed = Number(await seen.evaluate('document.documentElement.scrollWidth'))
            assert.ok(needed <= narrow, `${name} needs ${needed} of ${narrow}`)
          }
          await seen.setViewportSize({ width, height: 844 })
        }
        await context.close()
      }
  })
