import { type AthAnswer, type AthCall, readBody, redirectAnswer } from '@ath-protocol/server'
import type { Clock, GrantId, UserId } from '@ath-protocol/types'
import { foreign, plainLine } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { askedLanguage, chooseLanguage } from '../pages/messages/language.ts'
import { type Language, say, sayText } from '../pages/messages/say.ts'
import { sayInstant } from '../pages/messages/time.ts'
import { inOtherLanguage, type RenderPage } from '../pages/page.ts'
import { forgedPage, sessionOverPage } from './login-pages.ts'
import type { People, SignedIn } from './people.ts'
import { loginPath } from './return-to.ts'
import { personName } from './person-name.ts'

/** One live permission, as its owner sees it. Instants are Unix seconds. */
export interface MyGrant {
  readonly id: GrantId
  readonly agentName: string
  readonly providerName: string
  readonly scopes: readonly { readonly name: string; readonly description?: string | undefined }[]
  readonly createdAt: number
  readonly expiresAt: number
}

export interface MyGrants {
  /** The user's live grants. */
  list(userId: UserId, now: number): Promise<readonly MyGrant[]>
  /** Ends one. Does nothing when the grant is not this user's. */
  revoke(userId: UserId, grantId: GrantId): Promise<void>
}

/** `/me`: who is signed in and which agents may act for them, with a form to end each. */
export function createMyAgents(options: {
  readonly people: People
  readonly render: RenderPage
  readonly clock: Clock
  readonly grants: MyGrants
}): Record<'show' | 'revoke', (call: AthCall) => Promise<AthAnswer>> {
  const { people, render, clock, grants } = options
  return {
    async show(call) {
      const signedIn = await people.current(call)
      if (!signedIn) return redirectAnswer(call, loginPath(pageAddress(call)))
      const language = chooseLanguage(call)
      return render({
        language,
        title: sayText(language, 'me.title'),
        status: 200,
        otherLanguage: inOtherLanguage(call, language),
        body: myAgentsPage(language, signedIn, await grants.list(signedIn.person.id, clock.now()), {
          address: pageAddress(call),
          revoked: call.query.has('revoked'),
        }),
      })
    },
    async revoke(call) {
      const acting = await people.acting(call)
      if (!acting.ok)
        return acting.error === 'forged'
          ? forgedPage(render, call)
          : sessionOverPage(render, call, pageAddress(call))
      const body = readBody(call, ['form'])
      const grantId = body.ok ? body.value['grant'] : undefined
      if (typeof grantId === 'string') await grants.revoke(acting.value.person.id, grantId)
      const address = pageAddress(call)
      return redirectAnswer(call, `${address}${address.includes('?') ? '&' : '?'}revoked=1`)
    },
  }
}

/** `/me` in the language that was chosen with the link. */
function pageAddress(call: AthCall): string {
  const language = askedLanguage(call)
  return language === undefined ? '/me' : `/me?lang=${language}`
}

function myAgentsPage(
  language: Language,
  { person, session }: SignedIn,
  grants: readonly MyGrant[],
  page: { readonly address: string; readonly revoked: boolean },
): Html {
  const csrf = html`<input type="hidden" name="csrf" value="${session.csrfToken}">`
  const revokeAction = page.address.replace('/me', '/me/revoke')
  return html`<h1>${say(language, 'me.title')}</h1>
${page.revoked && html`<p class="alert" role="status">${say(language, 'me.revoked')}</p>`}
${grants.length === 0 && html`<p>${say(language, 'me.none')}</p>`}
${grants.map((grant) => {
  const agent = foreign(grant.agentName)
  const provider = foreign(grant.providerName)
  return html`<article class="grant">
<h2>${agent}</h2>
<p class="soft">${say(language, 'me.provider', { provider })}</p>
<ul>${grant.scopes.map(({ name, description }) => html`<li>${description ?? ''} <code>${name}</code></li>`)}</ul>
<div class="who"><span class="soft">${say(language, 'me.since', { instant: sayInstant(language, grant.createdAt) })}<br>${say(language, 'me.until', { instant: sayInstant(language, grant.expiresAt) })}</span>
<form method="post" action="${revokeAction}">${csrf}<input type="hidden" name="grant" value="${grant.id}"><button class="quiet" aria-label="${sayText(language, 'me.revoke_label', { agent: plainLine(grant.agentName), provider: plainLine(grant.providerName) })}">${say(language, 'me.revoke')}</button></form></div>
</article>`
})}
<div class="who"><span>${say(language, 'me.signed_in', { user: foreign(personName(person)) })}</span>
<form method="post" action="/logout">${csrf}<button class="quiet">${say(language, 'me.sign_out')}</button></form></div>`
}
