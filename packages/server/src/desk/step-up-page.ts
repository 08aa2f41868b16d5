import { foreign, plainLine } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { type Language, say } from '../pages/messages/say.ts'
import type { ConsentQuestion } from '../ports/consent-desk.ts'
import { readStepUp } from '../step-up/request.ts'
import { usualLifetime } from './lifetimes.ts'
import { offeredScopes, scopeField } from './read-answer.ts'

/** Whether a question is about one request, which is confirmed as a whole: there is nothing to untick and no time to choose. */
export const asksOnce = ({ consent }: ConsentQuestion): boolean =>
  consent.handshake.kind === 'step_up'

/** The one request: what the app says it means, and what it is. */
export function theRequest(language: Language, { consent, providers }: ConsentQuestion): Html {
  const request = readStepUp(consent.message)
  const scope = providers[0]?.scopes.find(({ requested }) => requested)
  const [path = '', query] = (request?.target ?? '').split('?')
  return html`<section aria-labelledby="request"><h2 id="request">${say(language, 'step_up.what')}</h2>
${request?.summary !== undefined && html`<p><strong><bdi>${plainLine(request.summary)}</bdi></strong></p>`}
<dl>
<dt>${say(language, 'step_up.request')}</dt><dd><code>${request?.method} ${foreign(path, 200)}${query !== undefined && html`?…`}</code></dd>
<dt>${say(language, 'step_up.permission')}</dt><dd>${foreign(scope?.description ?? scope?.name ?? '', 120)}</dd>
</dl>
<p class="soft">${say(language, 'step_up.once')}</p></section>`
}

/** What the form of any question says, already chosen. */
export const chosenFields = (question: ConsentQuestion): Html =>
  html`<input type="hidden" name="lifetime" value="${usualLifetime(question.consent.longestSeconds)}">
${offeredScopes(question).map((scope) => html`<input type="hidden" name="${scopeField(question, scope)}" value="on">`)}`
