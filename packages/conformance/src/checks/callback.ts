import { randomBytes } from 'node:crypto'
import { agentName, developer } from '../agent/agent.ts'
import { checks } from '../check/check.ts'
import { expectRefused, expectStatus, expectThat } from '../check/expect.ts'
import { Unavailable } from '../check/verdict.ts'
import type { Subject } from '../subject/subject.ts'

const isCallback = (subject: Subject) => (url: URL) =>
  url.href.startsWith(`${subject.at('/ath/callback')}?`) && url.searchParams.has('state')

/** A browser that was sent back from the provider's OAuth server, one step before the callback. */
async function beforeCallback(subject: Subject, decision: 'approve' | 'deny' = 'approve') {
  const at = await subject.visited(await subject.client(), decision, {
    stopAt: isCallback(subject),
  })
  const { stoppedAt } = at.visit
  if (stoppedAt === undefined)
    throw new Unavailable(
      'the browser passed no OAuth callback: needs a provider with an OAuth server of its own',
    )
  return { ...at, callback: new URL(stoppedAt) }
}

/** An https address of the agent's, to which the browser is never let. */
const isAgents = (subject: Subject) => (url: URL) => url.href.startsWith(subject.redirectUri)

async function redirected(subject: Subject, decision: 'approve' | 'deny', state: string) {
  const client = await subject.redirectingClient()
  const at = await subject.visited(client, decision, {
    stopAt: isAgents(subject),
    changes: { user_redirect_uri: subject.redirectUri, state },
  })
  const { stoppedAt } = at.visit
  expectThat(
    stoppedAt !== undefined,
    `The browser ended at ${at.visit.addresses.at(-1)}, expected the agent's ${subject.redirectUri}`,
  )
  return { ...at, client, query: new URL(stoppedAt).searchParams }
}

export const callback = checks({
  'callback-state': async (subject) => {
    const { callback, browser, sessionId } = await beforeCallback(subject)
    callback.searchParams.set('state', randomBytes(24).toString('base64url'))
    expectRefused(await browser.open(callback.href), 'Callback with a state of nobody')
    const answer = await subject.exchange(await subject.client(), sessionId)
    expectThat(answer.status !== 200, 'After a callback with a forged state a token was issued')
    return 'refused, and no token follows'
  },
  'callback-binding-set': async (subject) => {
    const consent = subject.settings.consent
    if (!consent?.browse) throw new Unavailable('sees what the browser sees: needs --consent auto')
    const { visit } = await subject.visited(await subject.client(), 'approve')
    const cookies = visit.seen
      .filter(({ url }) => url.startsWith(subject.base))
      .flatMap(({ answer }) => answer.headers.getSetCookie())
    expectThat(
      cookies.some((line) => /;\s*HttpOnly/i.test(line)),
      `On its way the browser got ${cookies.length} cookies of the server, none of them HttpOnly`,
    )
    return 'the browser is bound by an HttpOnly cookie'
  },
  'callback-binding-checked': async (subject) => {
    const { callback, sessionId } = await beforeCallback(subject)
    const thief = subject.settings.consent?.browse?.()
    if (!thief) throw new Unavailable('sees what the browser sees: needs --consent auto')
    const answer = await thief.open(callback.href)
    expectThat(
      answer.status >= 400,
      `Callback from another browser: answered ${answer.status}, expected a refusal`,
    )
    const exchanged = await subject.exchange(await subject.client(), sessionId)
    expectThat(exchanged.status !== 200, 'After a callback from another browser a token was issued')
    return 'refused, and no token follows'
  },
  'callback-own': async (subject) => {
    const answer = await subject.send(subject.at('/ath/callback?code=x&state=of-nobody'))
    expectThat(
      answer.status !== 404 && answer.status !== 405,
      `GET /ath/callback: answered ${answer.status}; there is no callback`,
    )
    expectThat(
      answer.status >= 400 && answer.status < 500,
      `GET /ath/callback with a state of nobody: answered ${answer.status}, expected a refusal`,
    )
    if (!subject.settings.consent?.browse)
      return `/ath/callback is there, and refuses a state of nobody with ${answer.status}`
    const { visit } = await subject.visited(await subject.client(), 'approve')
    const end = visit.addresses.at(-1) ?? ''
    expectThat(
      end.startsWith(`${subject.base}/`) && visit.seen.at(-1)?.answer.status === 200,
      `The browser ended at ${end} with ${visit.seen.at(-1)?.answer.status}, expected a page of ${subject.base}`,
    )
    return `a state of nobody is refused, and a person ends at ${new URL(end).pathname}`
  },
  'callback-plain': async (subject) => {
    for (const query of ['session_id=x&success=true', 'error=access_denied&ath_session_id=x']) {
      const answer = await subject.send(subject.at(`/ath/callback?${query}`), {
        headers: { accept: 'text/html' },
      })
      expectStatus(answer, 200, `GET /ath/callback?${query} in a browser`)
      expectThat(/<html/i.test(answer.text), `GET /ath/callback?${query} answers no page`)
    }
    const state = randomBytes(16).toString('hex')
    const { query, sessionId } = await redirected(subject, 'approve', state)
    expectThat(
      query.get('state') === state,
      `The agent's redirect has state ${query.get('state')}, expected ${state}`,
    )
    expectThat(
      query.get('success') === 'true' && query.get('ath_session_id') === sessionId,
      `The agent's redirect has ${[...query.keys()].join(', ')}; expected success=true and ath_session_id`,
    )
    return 'a page for people, and the state back for agents'
  },
  'consent-shows-agent': async (subject) => {
    const { visit } = await subject.visited(await subject.client(), 'approve')
    const { scopes } = await subject.target()
    const pages = visit.seen.map(({ answer }) => answer.text)
    for (const shown of [agentName, developer.name, ...scopes])
      expectThat(
        pages.some((page) => page.includes(shown)),
        `No page before the consent shows "${shown}"`,
      )
    return 'agent, developer and scopes are shown'
  },
  'secrets-kept': async (subject) => {
    const { visit } = await subject.visited(await subject.client(), 'approve')
    for (const address of visit.addresses)
      expectThat(
        !/[?&#](?:client_secret|access_token|refresh_token)=/.test(address),
        `The browser was sent to an address with a secret: ${new URL(address).pathname}`,
      )
    for (const { url, answer } of visit.seen)
      expectThat(
        !/client_secret|refresh_token/.test(answer.text),
        `A page names client_secret or refresh_token: ${new URL(url).pathname}`,
      )
    return `${visit.seen.length} pages and redirects hold no secret`
  },
  'denial-told': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.decided(client, 'deny')
    expectRefused(await subject.exchange(client, sessionId), 'Token request after a denial', {
      status: 403,
      code: 'USER_DENIED',
    })
    return 'USER_DENIED 403'
  },
  'handshake-ends': async (subject) => {
    const client = await subject.client()
    const { sessionId } = await subject.start(client)
    expectRefused(await subject.exchange(client, sessionId), 'Token request before the consent', {
      status: 400,
      code: 'SESSION_NOT_FOUND',
    })
    const denied = await subject.decided(client, 'deny')
    expectRefused(
      await subject.exchange(client, denied.sessionId),
      'Token request after a denial',
      {
        status: 403,
        code: 'USER_DENIED',
      },
    )
    if (!subject.settings.consent?.browse) return 'pending and denied are told apart'
    const { callback, browser, sessionId: failing } = await beforeCallback(subject)
    callback.searchParams.set('code', 'conformance-no-such-code')
    await browser.open(callback.href)
    expectRefused(
      await subject.exchange(client, failing),
      'Token request after the provider refused the code',
      { status: 502, code: 'OAUTH_ERROR' },
    )
    return 'pending, denied and failed are told apart'
  },
  'handshake-code': async (subject) => {
    const plain = await subject.client()
    const { sessionId } = await subject.decided(plain, 'approve')
    const taken = await subject.exchange(plain, sessionId, { code: 'oauth-completed' })
    expectStatus(taken, 200, 'Token request with a placeholder where no code was delivered')
    if (!subject.settings.consent?.browse) return 'where no code was delivered, any does'
    const { client, query, sessionId: own } = await redirected(subject, 'approve', 'of-the-agent')
    const code = query.get('code')
    if (code === null) return "any code does, and the agent's redirect delivers none"
    expectRefused(
      await subject.exchange(client, own, { code: 'another-code' }),
      'Token request with another code than the delivered one',
    )
    return 'any code does where none was delivered, and no other where one was'
  },
})
