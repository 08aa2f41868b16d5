import type { ConsentQuestion } from '@ath-protocol/server'
import { personName } from '../login/person-name.ts'
import { foreign, plainLine, splitText } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { cross, tick } from '../pages/icons.ts'
import { type Language, say } from '../pages/messages/say.ts'
import { sayDuration, sayTimeLeft } from '../pages/messages/time.ts'
import type { Person } from '../ports/logins.ts'
import { offeredLifetimes, usualLifetime } from './lifetimes.ts'
import { scopeField } from './read-answer.ts'

export interface Asked {
  readonly language: Language
  readonly question: ConsentQuestion
  readonly person: Person
  readonly csrfToken: string
  readonly secondsLeft: number
  readonly formAction: string
  /** Where to come back to after signing in as somebody else. */
  readonly thisPage: string
  /** What the person had entered, when the page is shown again because of it. */
  readonly entered:
    | {
        readonly problem: 'none_ticked' | 'unreadable'
        readonly ticked: readonly string[]
        readonly lifetimeSeconds: number | undefined
      }
    | undefined
}

/**
 * The question, in the order in which people decide: who, what for, what, what not, how long. Everything the agent
 * said about itself is marked so (R70).
 */
export function questionPage(asked: Asked): Html {
  const { language, question } = asked
  const agent = foreign(question.agent.name, 80)
  const provider = foreign(question.provider.displayName, 80)
  return html`<h1>${say(language, 'consent.title', { agent, provider })}</h1>
<p class="soft">${say(language, 'consent.expires', { duration: sayTimeLeft(language, asked.secondsLeft) })}</p>
${asked.entered && html`<p class="alert" role="alert" id="problem">${say(language, `consent.${asked.entered.problem}`)}</p>`}
${whoAsks(language, question.agent)}
${whatFor(language, question.agent.purpose)}
<form method="post" action="${asked.formAction}" autocomplete="off">
<input type="hidden" name="csrf" value="${asked.csrfToken}">
${whatItMayDo(asked)}
${whatItCannotDo(language, question)}
${howLong(asked)}
<div class="two">
<button name="decision" value="deny">${cross}${say(language, 'consent.deny')}</button>
<button name="decision" value="approve">${tick}${say(language, 'consent.approve')}</button>
</div>
</form>
${whoDecides(asked)}`
}

function whoAsks(language: Language, agent: ConsentQuestion['agent']): Html {
  const itself = html`<span class="tag">${say(language, 'consent.says_itself')}</span>`
  const { name, id } = agent.developer
  return html`<section aria-labelledby="who"><h2 id="who">${say(language, 'consent.who')}</h2>
<dl>
<dt>${say(language, 'consent.name')}</dt><dd><strong>${foreign(agent.name)}</strong> ${itself}</dd>
<dt>${say(language, 'consent.address')}</dt><dd>${foreign(agentHost(agent.agentId))} <span class="tag yes">✓ ${say(language, 'consent.address_checked')}</span></dd>
<dt>${say(language, 'consent.developer')}</dt><dd>${foreign(name)} <code>${foreign(id)}</code> ${itself}</dd>
</dl></section>`
}

/** In the form that cannot be mistaken: an international host as ASCII, as the URL parser leaves it. */
function agentHost(agentId: string): string {
  return URL.canParse(agentId) ? new URL(agentId).host : agentId
}

/** Longer texts do not get read; the rest is there for whoever wants it. */
const readAtOnce = 280

function whatFor(language: Language, purpose: string | undefined): Html {
  const { head, rest } = splitText(plainLine(purpose ?? ''), readAtOnce)
  return html`<section aria-labelledby="for"><h2 id="for">${say(language, 'consent.purpose')}</h2>
${
  head === ''
    ? html`<p>${say(language, 'consent.purpose_absent')}</p>`
    : html`<p class="words">${say(language, 'consent.purpose_words')}</p>
<blockquote><p><bdi lang="">${head}${rest !== '' && '…'}</bdi></p>${
        rest !== '' &&
        html`<details><summary>${say(language, 'consent.purpose_rest')}</summary><p><bdi lang="">…${rest}</bdi></p></details>`
      }</blockquote>`
}</section>`
}

function whatItMayDo({ language, question, entered }: Asked): Html {
  const requested = question.scopes.filter((scope) => scope.requested)
  return html`<fieldset${entered && html` aria-describedby="problem"`}><legend>${say(language, 'consent.scopes')}</legend>
<ul class="scopes">
${requested.map(({ name, description, offered }) => {
  const ticked = offered && (entered?.ticked.includes(name) ?? true)
  return html`<li><label${!offered && html` class="off"`}><input type="checkbox" name="${scopeField(name)}"${offered ? ticked && html` checked` : html` disabled`}><span>${
    offered ? scopeTitle(name, description) : html`<s>${scopeTitle(name, description)}</s>`
  }<span class="meta">${description !== undefined && html`<code>${name}</code>`}${
    offered
      ? html`<span class="tag yes">✓ ${say(language, 'consent.approved')}</span>`
      : html`<span class="tag no">✕ ${say(language, 'consent.refused')}</span>`
  }</span></span></label></li>
`
})}</ul>
<p class="soft">${say(language, 'consent.scopes_hint')}</p></fieldset>`
}

const scopeTitle = (name: string, description: string | undefined): Html =>
  html`<b>${description ?? name}</b>`

const shownAtOnce = 4

function whatItCannotDo(language: Language, { scopes }: ConsentQuestion): Html {
  const others = scopes
    .filter((scope) => !scope.requested)
    .map(({ name, description }) => html`<li>${description ?? name}</li>`)
  const hidden = others.slice(shownAtOnce)
  return html`<section aria-labelledby="cannot"><h2 id="cannot">${say(language, 'consent.cannot')}</h2>
<ul class="cannot">${others.slice(0, shownAtOnce)}<li>${say(language, 'consent.cannot_password')}</li></ul>
${
  hidden.length > 0 &&
  html`<details><summary>${say(language, 'consent.cannot_more', { count: hidden.length })}</summary><ul class="cannot">${hidden}</ul></details>`
}</section>`
}

function howLong({ language, question, entered }: Asked): Html {
  const longest = question.grantLifetimeSeconds
  const chosen = entered?.lifetimeSeconds ?? usualLifetime(longest)
  const link = html`<a href="/me">${say(language, 'page.my_agents')}</a>`
  return html`<section><h2><label for="lifetime">${say(language, 'consent.lifetime')}</label></h2>
<select id="lifetime" name="lifetime">${offeredLifetimes(longest).map(
    (seconds) =>
      html`<option value="${seconds}"${seconds === chosen && html` selected`}>${sayDuration(language, seconds)}</option>`,
  )}</select>
<p class="soft">${say(language, 'consent.take_back', { link })}</p></section>`
}

function whoDecides({ language, person, csrfToken, thisPage }: Asked): Html {
  return html`<div class="who"><span>${say(language, 'consent.signed_in', { user: foreign(personName(person)) })}</span>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${csrfToken}"><input type="hidden" name="return_to" value="${thisPage}"><button class="quiet">${say(language, 'consent.not_you')}</button></form></div>`
}
