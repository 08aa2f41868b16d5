import type { AthAnswer, AthCall } from '../wire/http.ts'
import { renderProblem } from '@ath-protocol/types'
import { html } from '../pages/html.ts'
import { foreign } from '../pages/foreign-text.ts'
import { renderMessage } from '../pages/message-page.ts'
import { say, sayText } from '../pages/messages/say.ts'
import type { RenderPage } from '../pages/page.ts'
import { noticePage } from './notice.ts'

/** Goes on to another site by itself, and by a link where a web view does not. */
export function handOverPage(render: RenderPage, call: AthCall, to: string): AthAnswer {
  const url = new URL(to)
  if (!leadsSomewhere(url)) return noticePage(render, call, { kind: 'unknown', status: refused })
  return renderMessage(render, call, {
    status: 200,
    goTo: url.href,
    say: (language) => ({
      title: sayText(language, 'hand_over.title'),
      text: say(language, 'hand_over.text', { host: foreign(url.host || url.protocol) }),
      next: html``,
    }),
    action: (language) =>
      html`<p><a class="button" href="${url.href}" rel="noreferrer">${say(language, 'hand_over.link')}</a></p>`,
  })
}

const refused = renderProblem({ reason: 'redirect_not_registered', got: '' }).status

/** The web, or an app's own scheme with a dot in it (RFC 8252 §7.1); never what a browser would run or read locally. */
function leadsSomewhere({ protocol }: URL): boolean {
  return /^https?:$/.test(protocol) || /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(protocol)
}
