import type { ConsentQuestion } from '../ports/consent-desk.ts'
import type { AthCall } from '../wire/http.ts'
import type { ProviderScope } from '@ath-protocol/types'
import { passkeyForm } from '../passkeys/passkey-form.ts'
import { foreign } from '../pages/foreign-text.ts'
import { ownPath } from '../pages/own-path.ts'
import { html, type Html } from '../pages/html.ts'
import { tick } from '../pages/icons.ts'
import { messageTexts, renderMessage } from '../pages/message-page.ts'
import { type Language, say } from '../pages/messages/say.ts'
import { sayDuration } from '../pages/messages/time.ts'
import type { RenderPage } from '../pages/page.ts'
import { pageAddress } from './page-address.ts'
import { scopeField } from './read-answer.ts'
import { highRisk, riskiestLast } from './risk.ts'

export interface PasskeyAsked {
  readonly language: Language
  readonly question: ConsentQuestion
  readonly scopes: readonly ProviderScope[]
  readonly lifetimeSeconds: number
  readonly csrfToken: string
  readonly formAction: string
  /** The question itself, for whoever thinks again. */
  readonly thisPage: string
  /** For the browser: what the passkey signs is exactly what stands on this page. */
  readonly requestOptions: string
  readonly timestamp: number
  /** An earlier try was refused. */
  readonly refused: boolean
}

/** Repeats exactly what was chosen, and asks for one thing more: a passkey over it (U7, D19). */
export function passkeyPage(asked: PasskeyAsked): Html {
  const { language, question, scopes } = asked
  const form = passkeyForm(language, { get: asked.requestOptions })
  const fields = [
    ['csrf', asked.csrfToken],
    ...scopes.map((scope) => [scopeField(question, scope), 'on'] as const),
    ['lifetime', asked.lifetimeSeconds],
    ['timestamp', asked.timestamp],
  ] as const
  return html`<h1>${say(language, 'confirm.title')}</h1>
${asked.refused && html`<p class="alert" role="alert">${say(language, 'confirm.refused')}</p>`}
<p>${say(language, 'confirm.text', { agent: foreign(question.agent.name, 80) })}</p>
<ul class="points">${chosenScopes(asked).map(
    ({ name, description, provider, risk }) =>
      html`<li><b>${description ?? name}</b> <span class="soft">${say(language, 'consent.at', { provider: foreign(provider, 40) })}</span> ${risk === 'high' && highRisk(language)}</li>`,
  )}</ul>
<p>${say(language, 'confirm.how_long', { duration: sayDuration(language, asked.lifetimeSeconds) })}</p>
<form method="post" action="${asked.formAction}" autocomplete="off" ${form.attributes}>
${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${form.fields}
<div class="one"><button name="decision" value="approve">${tick}${say(language, 'confirm.button')}</button></div>
</form>
<p><a href="${asked.thisPage}">${say(language, 'confirm.back')}</a></p>`
}

/** What was chosen, as the question showed it: the riskiest last, and marked. */
function chosenScopes({ question, scopes }: PasskeyAsked) {
  return question.providers
    .flatMap((provider) =>
      provider.scopes
        .filter(({ name }) =>
          scopes.some((scope) => scope.providerId === provider.id && scope.name === name),
        )
        .map((scope) => ({ ...scope, provider: provider.displayName })),
    )
    .sort(riskiestLast)
}

/** Nothing can be confirmed without a passkey: where to get one. */
export function noPasskeyPage(render: RenderPage, call: AthCall, status: number) {
  return renderMessage(render, call, {
    status,
    say: messageTexts('no_passkey'),
    action: (language) =>
      html`<p><a class="button" href="${ownPath(call, '/me/passkeys')}">${say(language, 'no_passkey.link')}</a></p>
<p><a href="${pageAddress(call)}">${say(language, 'confirm.back')}</a></p>`,
  })
}
