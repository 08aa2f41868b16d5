import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type Idp, startIdp } from '../world/idp.ts'
import { type Listening, listenOnLoopback } from '../world/listen.ts'
import { createBrowserPerson } from './browser.ts'
import { findChromium } from './chromium.ts'
import type { Person } from './person.ts'

const arrivals: URL[] = []
const taken: URL[] = []
/** A chat, the question that its link leads to, and a page that takes a key: as the real ones are made. */
const pages: Readonly<Record<string, string>> = {
  '/chat': `<article><form action="/took"><button name="action" value="deny">No</button>
<button name="action" value="approve">Yes</button></form><a class="button" href="/question">Review</a></article>
<article><a class="button" href="/older">Review</a></article>`,
  '/question': `<form action="/took"><input type="checkbox" name="scope oa:read" checked>
<input type="checkbox" name="scope oa:delegate"><button name="decision" value="deny">No</button>
<button name="decision" value="approve">Yes</button></form>`,
  '/key': `<form action="/elsewhere"><button>Sign out</button></form>
<form action="/took"><input name="label" value="mine"><button>Add</button></form>`,
}
let gateway: Listening
let idp: Idp
let person: Person

before(async () => {
  // Stands where the gateway's callback is, and hands over as the gateway does: by a page that moves on by itself.
  gateway = await listenOnLoopback((origin) => (request, response) => {
    const url = new URL(request.url ?? '/', origin)
    response.setHeader('content-type', 'text/html')
    if (url.pathname === '/ath/callback') arrivals.push(url)
    if (pages[url.pathname] !== undefined) return void response.end(pages[url.pathname])
    if (url.pathname === '/took') taken.push(url)
    const next = url.searchParams.get('next')
    response.end(
      next === null
        ? '<p>done'
        : `<meta http-equiv="refresh" content="0;url=${next.replaceAll('&', '&amp;')}">`,
    )
  })
  const crmRedirectUri = `${gateway.origin}/ath/callback`
  idp = await startIdp({
    loginRedirectUri: `${gateway.origin}/login/callback`,
    crmRedirectUri,
    shopUrl: gateway.origin,
  })
  person = await createBrowserPerson(findChromium(() => undefined))
})
after(async () => {
  await person.close()
  await Promise.all([idp.close(), gateway.close()])
})

function authorizationUrl(): string {
  const url = new URL(`${idp.issuer}/auth`)
  url.search = new URLSearchParams({
    client_id: idp.crmClient.clientId,
    redirect_uri: `${gateway.origin}/ath/callback`,
    response_type: 'code',
    scope: 'openid offline_access crm.read',
    prompt: 'consent',
    state: 'a-state',
    code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString()
  return url.href
}

test('the person in the browser follows a page that moves on, signs in, consents, and arrives', async () => {
  const next = encodeURIComponent(authorizationUrl())
  await person.answer(`${gateway.origin}/hand-over?next=${next}`, { approve: true })
  const arrived = arrivals.at(-1)
  assert.equal(arrived?.searchParams.get('state'), 'a-state')
  assert.notEqual(arrived?.searchParams.get('code') ?? '', '')
})

const newest = () => Object.fromEntries(taken.at(-1)?.searchParams ?? [])

test('the person presses a button in a chat, or follows the newest link and ticks what was not ticked', async () => {
  const chat = `${gateway.origin}/chat`
  await person.press(chat, 'deny')
  assert.deepEqual(newest(), { action: 'deny' })
  await person.review(chat, { approve: true, tick: ['oa:delegate'], untick: ['oa:read'] })
  assert.deepEqual(newest(), { 'scope oa:delegate': 'on', decision: 'approve' })
})

test('the person adds what a page about herself offers to add', async () => {
  await person.add(`${gateway.origin}/key`)
  assert.deepEqual(newest(), { label: 'mine' })
})

test('the person reads a page of their own', async () => {
  assert.match((await person.look(`${gateway.origin}/hand-over`)) ?? '', /done/)
})
