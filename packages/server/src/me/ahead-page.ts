import { type AthPorts } from '../endpoint/ports.ts'
import { type PreAuthorization } from '../ports/nine-step.ts'
import { type Registration } from '../ports/registry.ts'
import { authorizationStatus } from '../user/authorization-view.ts'
import { clientThumbprint, thumbprintOfText } from '../user/client-key.ts'
import { issueCredential } from '../user/issue-credential.ts'
import { revokeCredential } from '../user/revoke-credential.ts'
import { foreign } from '../pages/foreign-text.ts'
import { html, type Html } from '../pages/html.ts'
import type { MessageKey } from '../pages/messages/en.ts'
import { say, sayText } from '../pages/messages/say.ts'
import { sayInstant } from '../pages/messages/time.ts'
import { aheadForm, choosable, readAheadForm } from './ahead-form.ts'
import {
  csrfField,
  field,
  inChosenLanguage,
  notice,
  type OwnPage,
  type OwnPages,
  type Visit,
} from './own-pages.ts'

const path = '/me/ahead'
const mostShown = 50

type Problem = Extract<MessageKey, `ahead.problem_${string}`>

/** `/me/ahead`: what a person allows agents ahead of time (step 0), made here, listed and taken back. */
export function aheadRoutes(pages: OwnPages, ports: AthPorts) {
  const page = async (visit: Visit, problem?: Problem): Promise<OwnPage> => {
    const { language, signedIn, call } = visit
    const given = (await ports.nineStep?.preAuthorizations.list(signedIn.person.id)) ?? []
    const agents = await ports.registry.list({ status: 'approved' })
    return {
      title: sayText(language, 'ahead.title'),
      refused: problem !== undefined,
      body: html`<h1>${say(language, 'ahead.title')}</h1>
${problem !== undefined && notice(say(language, problem), 'alert')}
${call.query.get('done') === 'revoked' && notice(say(language, 'ahead.revoked'))}
<p>${say(language, 'ahead.intro')}</p>
${given.length === 0 && html`<p>${say(language, 'ahead.none')}</p>`}
${inOrder(given, ports.clock.now()).map((one) => card(visit, one, agents, ports.clock.now()))}
<section aria-labelledby="give"><h2 id="give">${say(language, 'ahead.give')}</h2>
${aheadForm(visit, ports.config, choosable(agents, ports.clock.now()))}</section>`,
    }
  }

  return {
    [path]: {
      GET: pages.show((visit) => page(visit)),
      POST: pages.act(async (visit, fields) => {
        const wish = readAheadForm(ports.config, fields)
        if (!wish) return page(visit, 'ahead.problem_agent')
        if (wish.scopes.length === 0) return page(visit, 'ahead.problem_scopes')
        const named = wish.key === undefined ? undefined : await thumbprintOfText(wish.key)
        if (named && !named.ok) return page(visit, 'ahead.problem_key')
        const thumbprint = await clientThumbprint(ports, wish.clientDid, named?.value)
        if (!thumbprint.ok) return page(visit, problemOf(thumbprint.error.kind))
        const issued = await issueCredential(ports, visit.signedIn.person.id, {
          ...wish,
          clientThumbprint: thumbprint.value,
        })
        if (!issued.ok) return page(visit, 'ahead.problem_full')
        return madePage(visit, issued.value.credential)
      }),
    },
    [`${path}/revoke`]: {
      POST: pages.act(async ({ signedIn }, fields) => {
        const id = field(fields, 'credential') ?? ''
        const userId = signedIn.person.id
        // Only what is listed: this form revokes nothing that was never seen.
        if (!(await ports.nineStep?.preAuthorizations.find(userId, id))) return path
        await revokeCredential(ports, userId, id)
        return `${path}?done=revoked`
      }),
    },
  }
}

const problemOf = (kind: string): Problem =>
  kind === 'did_malformed' ? 'ahead.problem_agent' : 'ahead.problem_key'

/** The text is shown here and nowhere again. */
function madePage({ language, call }: Visit, credential: string): OwnPage {
  return {
    title: sayText(language, 'ahead.made_title'),
    body: html`<h1>${say(language, 'ahead.made_title')}</h1>
<p>${say(language, 'ahead.made_text')}</p>
<p><label for="credential">${say(language, 'ahead.credential')}</label>
<textarea id="credential" rows="8" readonly spellcheck="false">${credential}</textarea></p>
<p>${say(language, 'ahead.made_next')}</p>
<p><a class="button quiet" href="${inChosenLanguage(call, path)}">${say(language, 'ahead.back')}</a></p>`,
  }
}

/** What still counts first. */
function inOrder(given: readonly PreAuthorization[], now: number): readonly PreAuthorization[] {
  const isLive = (one: PreAuthorization) => authorizationStatus(one, now) === 'live'
  return [...given.filter(isLive), ...given.filter((one) => !isLive(one))].slice(0, mostShown)
}

function card(
  visit: Visit,
  one: PreAuthorization,
  agents: readonly Registration[],
  now: number,
): Html {
  const { language, call } = visit
  const status = authorizationStatus(one, now)
  const name = agents.find(({ agentId }) => agentId === one.clientDid)?.name
  return html`<article class="grant"><h2>${foreign(name ?? one.clientDid, 80)}</h2>
${name !== undefined && html`<p><code>${one.clientDid}</code></p>`}
<ul class="points">${one.scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
<p class="meta"><span class="tag${status === 'live' && html` yes`}">${say(language, `ahead.status_${status}`)}</span>${one.oneTime && html`<span class="tag">${say(language, 'ahead.tag_once')}</span>`}<span class="tag">${say(language, `ahead.made_by_${one.madeBy}`)}</span></p>
<div class="who"><span class="soft">${say(language, 'me.since', { instant: sayInstant(language, one.createdAt) })}<br>${say(language, 'me.until', { instant: sayInstant(language, one.expiresAt) })}</span>
${
  (status === 'live' || status === 'used') &&
  html`<form method="post" action="${inChosenLanguage(call, `${path}/revoke`)}">${csrfField(visit)}<input type="hidden" name="credential" value="${one.id}"><button class="quiet" aria-label="${sayText(language, 'ahead.revoke_label', { agent: name ?? one.clientDid })}">${say(language, 'ahead.revoke')}</button></form>`
}</div></article>`
}
