import type { AthAnswer, AthCall } from '../wire/http.ts'
import { html, type Html } from './html.ts'
import { chooseLanguage } from './messages/language.ts'
import { type Language, languages, say, sayText } from './messages/say.ts'
import type { RenderPage } from './page.ts'

/** A page that says what happened and what to do, in the reader's language first and the other below. */
export interface MessagePage {
  readonly status: number
  readonly say: (language: Language) => {
    readonly title: string
    readonly text: Html
    readonly next: Html
  }
  /** What can be clicked, if anything. */
  readonly action?: (language: Language) => Html
  /** A page to go on to at once. */
  readonly goTo?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

/**
 * Both languages stand on the page, since it often cannot be opened again: the address that led here works once, and a
 * link to the other language would only show that it was used.
 */
export function renderMessage(render: RenderPage, call: AthCall, page: MessagePage): AthAnswer {
  const language = chooseLanguage(call)
  const { title, text, next } = page.say(language)
  const others = languages.filter((other) => other !== language)
  return render({
    language,
    title,
    status: page.status,
    ...(page.headers ? { headers: page.headers } : {}),
    ...(page.goTo === undefined ? {} : { next: page.goTo }),
    body: html`<h1>${title}</h1>
<p>${text}</p>
<p>${next}</p>
${page.action?.(language)}
${others.map((other) => {
  const said = page.say(other)
  return html`<div class="again" lang="${other}"><h2>${said.title}</h2><p>${said.text}</p><p>${said.next}</p></div>`
})}`,
  })
}

/** The three sentences that every message has. */
export const messageTexts = (kind: MessageKind) => (language: Language) => ({
  title: sayText(language, `${kind}.title`),
  text: say(language, `${kind}.text`),
  next: say(language, `${kind}.next`),
})

export type MessageKind =
  | 'expired'
  | 'wrong_browser'
  | 'other_user'
  | 'no_passkey'
  | 'upstream_failed'
  | 'not_now'
  | 'unknown'
  | 'signed_out'
  | 'session_over'
  | 'forged'
  | 'login_over'
  | 'login_other_browser'
  | 'login_refused'
  | 'login_failed'
  | 'login_down'
