import { redirectAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import { type AthAnswer, type AthCall } from '../wire/http.ts'
import { type Clock, renderProblem } from '@ath-protocol/types'
import { pageAddress } from '../desk/page-address.ts'
import { forgedPage, sessionOverPage } from '../login/login-pages.ts'
import type { People, SignedIn } from '../login/people.ts'
import { loginPath } from '../login/return-to.ts'
import { html, type Html } from '../pages/html.ts'
import { askedLanguage, chooseLanguage } from '../pages/messages/language.ts'
import { type Language, say, sayText } from '../pages/messages/say.ts'
import { ownPath, pageOf } from '../pages/own-path.ts'
import { inOtherLanguage, type RenderPage } from '../pages/page.ts'

/** A signed-in person who looks at a page of their own. */
export interface Visit {
  readonly call: AthCall
  readonly language: Language
  readonly signedIn: SignedIn
}

export interface OwnPage {
  readonly title: string
  readonly body: Html
  readonly script?: string
  /** What was posted could not be taken; the page says why. */
  readonly refused?: boolean
}

type Respond = (call: AthCall) => Promise<AthAnswer>

/** The pages on which people see and change what is theirs: signed in, in their language, changed only by their own forms. */
export interface OwnPages {
  show(page: (visit: Visit) => Promise<OwnPage>): Respond
  /** A posted form. Gives the path to go on to, or a page. */
  act(
    change: (visit: Visit, fields: Readonly<Record<string, unknown>>) => Promise<string | OwnPage>,
  ): Respond
}

export function createOwnPages(options: {
  readonly people: People
  readonly render: RenderPage
  readonly tabs: readonly Tab[]
}): OwnPages {
  const { people, render, tabs } = options
  const rendered = ({ call, language }: Visit, page: OwnPage) =>
    render({
      language,
      title: page.title,
      status: page.refused ? refusedStatus : 200,
      // What a form answered cannot be opened again.
      ...(call.method === 'GET' ? { otherLanguage: inOtherLanguage(call, language) } : {}),
      ...(page.script === undefined ? {} : { script: ownPath(call, page.script) }),
      body: html`${tabBar(tabs, call, language)}${page.body}`,
    })
  return {
    show: (page) => async (call) => {
      const signedIn = await people.current(call)
      if (!signedIn) return redirectAnswer(call, loginPath(call, pageAddress(call)))
      const visit = { call, language: chooseLanguage(call), signedIn }
      return rendered(visit, await page(visit))
    },
    act: (change) => async (call) => {
      const acting = await people.acting(call)
      if (!acting.ok)
        return acting.error === 'forged'
          ? forgedPage(render, call)
          : sessionOverPage(render, call, inChosenLanguage(call, '/me'))
      const body = readBody(call, ['form'])
      const visit = { call, language: chooseLanguage(call), signedIn: acting.value }
      const outcome = await change(visit, body.ok ? body.value : {})
      return typeof outcome === 'string'
        ? redirectAnswer(call, inChosenLanguage(call, outcome))
        : rendered(visit, outcome)
    },
  }
}

const refusedStatus = renderProblem({ reason: 'request_malformed', errors: [] }).status

export interface Tab {
  readonly path: string
  readonly title: 'me.title' | 'ahead.title' | 'answers.title' | 'keys.title' | 'passkeys.title'
}

function tabBar(tabs: readonly Tab[], call: AthCall, language: Language): Html {
  return html`<nav class="tabs" aria-label="${sayText(language, 'me.pages')}">${tabs.map(
    ({ path, title }) => {
      const page = pageOf(call) ?? ''
      const here = page === path || (path !== '/me' && page.startsWith(`${path}/`))
      return html`<a href="${inChosenLanguage(call, path)}"${here && html` aria-current="page"`}>${say(language, title)}</a>`
    },
  )}</nav>
`
}

/** A path of ours, in the language that was chosen with the link on the page. */
export function inChosenLanguage(call: Pick<AthCall, 'query' | 'mount'>, path: string): string {
  const language = askedLanguage(call)
  const address = ownPath(call, path)
  if (language === undefined) return address
  return `${address}${path.includes('?') ? '&' : '?'}lang=${language}`
}

/** The field that every form of ours carries. */
export const csrfField = ({ signedIn }: Pick<Visit, 'signedIn'>): Html =>
  html`<input type="hidden" name="csrf" value="${signedIn.session.csrfToken}">`

/** A posted field as text; absent when it is not there. */
export function field(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name]
  return typeof value === 'string' ? value : undefined
}

/** What adds a way to prove oneself needs a sign-in not older than this: a browser left open is not its owner. */
const freshSeconds = 600

export function isFresh({ signedIn }: Visit, clock: Clock): boolean {
  return clock.now() - signedIn.session.createdAt <= freshSeconds
}

/** Says that a fresh sign-in is needed, and leads through it and back. */
export function staleNotice({ call, language }: Visit): Html {
  const href = loginPath(call, pageAddress(call), { otherAccount: true })
  return html`<p class="alert" role="status">${say(language, 'me.stale')}</p>
<p><a class="button" href="${href}">${say(language, 'me.sign_in_again')}</a></p>`
}

/** One sentence about what was just done, or about why it was not. */
export const notice = (text: Html, kind: 'status' | 'alert' = 'status'): Html =>
  html`<p class="alert" role="${kind}">${text}</p>`
