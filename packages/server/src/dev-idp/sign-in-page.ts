import { foreign, plainLine } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import { cross, tick } from '../pages/icons.ts'
import type { Language } from '../pages/messages/say.ts'
import type { AuthorizationRequest } from './authorization-request.ts'
import type { Client } from './client.ts'
import { fixedScopes, identityScopes } from './scope.ts'
import type { DevPerson, DevScope } from './settings.ts'
import { texts } from './texts.ts'

export interface SignInQuestion {
  readonly language: Language
  readonly request: AuthorizationRequest
  readonly people: readonly DevPerson[]
  readonly scopes: readonly DevScope[]
  /** Where the form goes, and what ties its answer to this question. */
  readonly action: string
  readonly transaction: string
  /** What stood in the form when it could not be taken. */
  readonly entered?: {
    readonly problem: 'noPerson' | 'nothing'
    readonly person: string | undefined
    readonly scopes: readonly string[]
  }
}

/** Plain text for the browser's tab. */
export const signInTitle = (language: Language, client: Client): string =>
  texts[language].title(plainLine(nameOf(client) ?? client.clientId).slice(0, 80))

/** One page for both: who are you, and what may they do. Works without a script. */
export function signInPage(question: SignInQuestion): Html {
  const { language, request, entered } = question
  const say = texts[language]
  return html`<h1>${signInTitle(language, request.client)}</h1>
${entered && html`<p class="alert" role="alert">${say[entered.problem]}</p>`}
${whoAsks(language, request)}
<form method="post" action="${question.action}" autocomplete="off">
<input type="hidden" name="transaction" value="${question.transaction}">
<input type="hidden" name="lang" value="${language}">
${whoAreYou(question)}
${whatMayItDo(question)}
<div class="two">
<button name="decision" value="deny" formnovalidate>${cross}${say.deny}</button>
<button name="decision" value="approve">${tick}${say.approve}</button>
</div>
</form>`
}

const nameOf = (client: Client): string | undefined =>
  client.agent?.proven ? client.agent.name : client.name

function whoAsks(
  language: Language,
  { client, redirectUri, resources }: AuthorizationRequest,
): Html {
  const say = texts[language]
  const { agent } = client
  const proof = agent?.proven
    ? html`<span class="tag yes">${say.proven}</span>`
    : html`<span class="tag no">${say.unproven}</span>`
  const checked = agent?.proven ? say.provenText : say.unprovenText
  return html`<section>
<h2>${agent ? say.agentAsks : say.clientAsks}</h2>
<dl>
${
  agent &&
  html`<dt>${say.agent}</dt><dd>${agent.name === undefined ? say.noName : foreign(agent.name, 80)} ${proof}</dd>
<dt>${say.kind}</dt><dd>${foreign(agent.type)}</dd>
<dt>${say.address}</dt><dd>${foreign(agent.agentId, 200)}</dd>`
}
${!agent?.proven && html`<dt>${say.client}</dt><dd>${client.name === undefined ? say.noName : foreign(client.name, 80)} <code>${foreign(client.clientId)}</code></dd>`}
<dt>${say.goesTo}</dt><dd>${foreign(redirectUri, 200)}</dd>
${resources.map((resource) => html`<dt>${say.resource}</dt><dd>${foreign(resource, 200)}</dd>`)}
</dl>
${(agent || !client.configured) && html`<p class="soft">${checked}</p>`}
</section>`
}

function whoAreYou({ language, people, request, entered }: SignInQuestion): Html {
  const chosen = entered?.person ?? hinted(people, request.loginHint)?.id ?? people[0]?.id
  return html`<fieldset>
<legend>${texts[language].who}</legend>
<ul class="scopes">${people.map(
    ({ id, name, email }) =>
      html`<li><label><input type="radio" name="person" value="${id}" required${id === chosen && html` checked`}><span><b>${foreign(name)}</b><span class="soft">${foreign(email)}</span></span></label></li>`,
  )}</ul>
</fieldset>`
}

const hinted = (people: readonly DevPerson[], hint: string | undefined) =>
  people.find(({ id, email }) => hint === id || hint === email)

function whatMayItDo({ language, request, scopes, entered }: SignInQuestion): Html {
  const say = texts[language]
  const describe = (name: string) =>
    isIdentity(name) ? say[name] : scopes.find((scope) => scope.name === name)?.description
  const row = (name: string) => {
    const checked = entered === undefined || entered.scopes.includes(name)
    return html`<li><label><input type="checkbox" name="scope" value="${name}"${checked && html` checked`}><span><b>${foreign(describe(name) ?? name)}</b><code>${foreign(name)}</code></span></label></li>`
  }
  const choices = request.scopes.filter((name) => !fixedScopes.includes(name))
  const fixed = request.scopes.filter((name) => fixedScopes.includes(name))
  return html`${
    choices.length > 0 &&
    html`<fieldset>
<legend>${say.what}</legend>
<ul class="scopes">${choices.map(row)}</ul>
</fieldset>`
  }
${
  fixed.length > 0 &&
  html`<section><h2>${say.always}</h2><ul class="points">${fixed.map(
    (name) => html`<li>${describe(name)} <code>${name}</code></li>`,
  )}</ul></section>`
}`
}

type IdentityScope = (typeof identityScopes)[number]
const isIdentity = (name: string): name is IdentityScope =>
  (identityScopes as readonly string[]).includes(name)
