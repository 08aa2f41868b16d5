import { requestReference } from '../consent/consent-request.ts'
import { type ConsentQuestion } from '../ports/consent-desk.ts'
import { type Risk } from '../ports/consents.ts'
import type { ProviderScope } from '@ath-protocol/types'
import { personName } from '../login/person-name.ts'
import { foreign, plainLine, splitText } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { ownPath } from '../pages/own-path.ts'
import { cross, tick } from '../pages/icons.ts'
import { type Language, say } from '../pages/messages/say.ts'
import { sayDuration, sayTimeLeft } from '../pages/messages/time.ts'
import type { Person } from '../ports/logins.ts'
import { offeredLifetimes, usualLifetime } from './lifetimes.ts'
import { sayLimits } from './limits.ts'
import { scopeField } from './read-answer.ts'
import { highRisk, riskiestLast } from './risk.ts'
import { asksOnce, chosenFields, theRequest } from './step-up-page.ts'
import { whoAsks } from './who-asks.ts'

export interface Asked {
  readonly language: Language
  readonly question: ConsentQuestion
  /** The operator bound the agent's DID to its key, and gave it its name. */
  readonly namedHere: boolean
  readonly person: Person
  readonly csrfToken: string
  readonly secondsLeft: number
  readonly formAction: string
  /** Before the addresses of people's own pages. */
  readonly mount: string | undefined
  /** Where to come back to after signing in as somebody else. */
  readonly thisPage: string
  /** What the person had entered, when the page is shown again because of it. */
  readonly entered:
    | {
        readonly problem: 'none_ticked' | 'unreadable'
        readonly ticked: readonly ProviderScope[]
        readonly lifetimeSeconds: number | undefined
      }
    | undefined
}

/**
 * The question, in the order in which people decide: who, what for, what, within which limits, what not. Everything
 * the agent said about itself is marked so (R70).
 */
export function questionPage(asked: Asked): Html {
  const { language, question } = asked
  const agent = foreign(question.agent.name, 80)
  const once = asksOnce(question)
  return html`<h1>${say(language, questionTitle(question), { agent, provider: foreign(sayProviders(language, question), 80) })}</h1>
<p class="soft">${say(language, 'consent.expires', { duration: sayTimeLeft(language, asked.secondsLeft) })}</p>
${asked.entered && html`<p class="alert" role="alert" id="problem">${say(language, `consent.${asked.entered.problem}`)}</p>`}
${whoAsks(language, question, asked.namedHere)}
${once ? theRequest(language, question) : whatFor(language, question.consent.words)}
<form method="post" action="${asked.formAction}" autocomplete="off">
<input type="hidden" name="csrf" value="${asked.csrfToken}">
${
  once
    ? chosenFields(question)
    : html`${whatItMayDo(asked)}
${withinLimits(asked)}
${whatItCannotDo(language, question)}`
}
<div class="two">
<button name="decision" value="deny">${cross}${say(language, 'consent.deny')}</button>
<button name="decision" value="approve">${tick}${say(language, 'consent.approve')}</button>
</div>
</form>
${reference(language, question)}
${whoDecides(asked)}`
}

/** The sentence that a question begins with. */
export const questionTitle = (question: ConsentQuestion) =>
  asksOnce(question) ? ('step_up.title' as const) : ('consent.title' as const)

/** The services as one phrase: `Office and CRM`. */
export const sayProviders = (language: Language, { providers }: ConsentQuestion): string =>
  new Intl.ListFormat(language).format(providers.map(({ displayName }) => plainLine(displayName)))

/** Longer texts do not get read; the rest is there for whoever wants it. */
const readAtOnce = 280

function whatFor(language: Language, words: string | undefined): Html {
  const { head, rest } = splitText(plainLine(words ?? ''), readAtOnce)
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

/** Every scope that was requested, the riskiest last: people read the beginning with fresh eyes, and the end before they click. */
function whatItMayDo(asked: Asked): Html {
  const { language, question, entered } = asked
  const rows = question.providers
    .flatMap((provider) =>
      provider.scopes
        .filter(({ requested }) => requested)
        .map((scope) => ({ ...scope, providerId: provider.id, provider: provider.displayName })),
    )
    .sort(riskiestLast)
  const risky = rows.some(({ risk, offered }) => risk === 'high' && offered)
  return html`<fieldset${entered && html` aria-describedby="problem"`}><legend>${say(language, 'consent.scopes')}</legend>
<ul class="scopes">
${rows.map((row) => scopeRow(asked, row))}</ul>
<p class="soft">${say(language, 'consent.scopes_hint')}${risky && html` ${say(language, 'consent.high_risk_hint')}`}</p></fieldset>`
}

interface ScopeRow extends ProviderScope {
  readonly provider: string
  readonly description: string | undefined
  readonly risk: Risk
  /** Without being offered: the person's own permission ahead does not go so far. */
  readonly approvedByService: boolean
  readonly offered: boolean
}

function scopeRow({ language, question, entered }: Asked, row: ScopeRow): Html {
  const { name, description, offered } = row
  const isRow = (scope: ProviderScope) =>
    scope.providerId === row.providerId && scope.name === row.name
  const high = row.risk === 'high'
  // What can do harm is allowed by a deliberate tick, never by leaving one.
  const ticked = offered && (entered?.ticked.some(isRow) ?? !high)
  const title = html`<b>${description ?? name}</b>`
  return html`<li><label${!offered && html` class="off"`}><input type="checkbox" name="${scopeField(question, row)}"${offered ? ticked && html` checked` : html` disabled`}><span>${
    offered ? title : html`<s>${title}</s>`
  }<span class="meta">${description !== undefined && html`<code>${name}</code>`}${question.providers.length > 1 && html`<span class="soft">${say(language, 'consent.at', { provider: foreign(row.provider, 40) })}</span>`}${
    offered
      ? html`<span class="tag yes">✓ ${say(language, 'consent.approved')}</span>${high && highRisk(language)}`
      : html`<span class="tag no">✕ ${say(language, row.approvedByService ? 'consent.outside' : 'consent.refused')}</span>`
  }</span></span></label></li>
`
}

function withinLimits(asked: Asked): Html {
  const { language, question, entered } = asked
  const longest = question.consent.longestSeconds
  const chosen = entered?.lifetimeSeconds ?? usualLifetime(longest)
  const link = html`<a href="${ownPath(asked, '/me')}">${say(language, 'page.my_agents')}</a>`
  const limits = sayLimits(language, question.consent.restrictions)
  return html`<section><h2><label for="lifetime">${say(language, 'consent.lifetime')}</label></h2>
<select id="lifetime" name="lifetime">${offeredLifetimes(longest).map(
    (seconds) =>
      html`<option value="${seconds}"${seconds === chosen && html` selected`}>${sayDuration(language, seconds)}</option>`,
  )}</select>
<p class="soft">${say(language, 'consent.take_back', { link })}</p></section>${
    limits.length > 0 &&
    html`
<section aria-labelledby="limits"><h2 id="limits">${say(language, 'consent.limits')}</h2>
<ul class="points">${limits.map((limit) => html`<li>${limit}</li>`)}</ul></section>`
  }`
}

const shownAtOnce = 4

function whatItCannotDo(language: Language, { providers }: ConsentQuestion): Html {
  const others = providers
    .flatMap(({ scopes }) => scopes)
    .filter((scope) => !scope.requested)
    .map(({ name, description }) => html`<li>${description ?? name}</li>`)
  const hidden = others.slice(shownAtOnce)
  return html`<section aria-labelledby="cannot"><h2 id="cannot">${say(language, 'consent.cannot')}</h2>
<ul class="points cannot">${others.slice(0, shownAtOnce)}<li>${say(language, 'consent.cannot_password')}</li></ul>
${
  hidden.length > 0 &&
  html`<details><summary>${say(language, 'consent.cannot_more', { count: hidden.length })}</summary><ul class="points cannot">${hidden}</ul></details>`
}</section>`
}

/** Agents learn it only where the question reached the person by another channel than theirs. */
function reference(language: Language, { consent }: ConsentQuestion): Html | undefined {
  if (consent.handshake.kind !== 'nine_step') return undefined
  return html`<p class="soft">${say(language, 'consent.reference', { reference: html`<code>${requestReference(consent.id)}</code>` })}</p>`
}

function whoDecides(asked: Asked): Html {
  const { language, person, csrfToken, thisPage } = asked
  return html`<div class="who"><span>${say(language, 'consent.signed_in', { user: foreign(personName(person)) })}</span>
<form method="post" action="${ownPath(asked, '/logout')}"><input type="hidden" name="csrf" value="${csrfToken}"><input type="hidden" name="return_to" value="${thisPage}"><button class="quiet">${say(language, 'consent.not_you')}</button></form></div>`
}
