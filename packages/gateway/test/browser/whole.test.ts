import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, createDidKey, openBrowser, type Page } from '@sallyport/testing'
import { createUserProof, userProofHeader } from '@ath-protocol/types'
import { openWholeGateway, type WholeGateway } from '../gateway.ts'

let browser: Browser
let gateway: WholeGateway

before(async () => {
  gateway = await openWholeGateway(
    ({ upstream }) => `version: 1
gateway: { data_dir: ./data }
providers:
  oa:
    name: Office
    url: ${upstream}
    auth: { kind: none }
    scopes:
      oa:read: { match: ["GET /x"], description: read approvals }
`,
  )
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await gateway?.close()
})

const go = async (page: Page, selector: string) => {
  await Promise.all([page.waitForNavigation(), page.click(selector)])
}

test('[D19] a passkey enrolled at the whole gateway is there after a restart', async () => {
  const page = await browser.newPage()
  page.setDefaultTimeout(10_000)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const url = `${gateway.url.replace('127.0.0.1', 'localhost')}/me/passkeys`
  await page.goto(url)
  await go(page, 'form[data-passkey-create] button')
  assert.match((await page.textContent('.alert')) ?? '', /^Added/)
  await gateway.restart()
  await page.goto(url)
  assert.equal(await page.locator('article').count(), 1)
  assert.match((await page.textContent('article')) ?? '', /not used yet/)
  await page.context().close()
})

test('[U6] a key added at the whole gateway opens its person’s inbox until it is removed', async () => {
  const key = await createDidKey()
  const inbox = async () => {
    const proof = await createUserProof(key.signer, {
      iss: key.did,
      aud: gateway.url,
      htm: 'GET',
      htu: '/ath/inbox',
      iat: Math.floor(Date.now() / 1000),
      jti: crypto.randomUUID(),
    })
    const answer = await fetch(`${gateway.url}/ath/inbox`, {
      headers: { [userProofHeader]: proof },
    })
    return answer.status
  }
  assert.equal(await inbox(), 401)
  const page = await browser.newPage({ javaScriptEnabled: false })
  await page.goto(`${gateway.url}/me/keys`)
  await page.fill('#label', 'laptop')
  await page.fill('#key', key.pem)
  await go(page, 'form[action="/me/keys"] button')
  assert.equal(await inbox(), 200)
  await go(page, 'article button')
  assert.equal(await inbox(), 401)
  await page.context().close()
})
