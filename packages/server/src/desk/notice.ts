import type { Notice } from '../ports/consent-desk.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import { loginPath } from '../login/return-to.ts'
import { pageAddress } from './page-address.ts'
import { foreign } from '../pages/foreign-text.ts'
import { ownPath } from '../pages/own-path.ts'
import { html, type Html } from '../pages/html.ts'
import { messageTexts, renderMessage } from '../pages/message-page.ts'
import { type Language, say, sayText } from '../pages/messages/say.ts'
import type { RenderPage } from '../pages/page.ts'

/** Tells a person how a question ended, or why there is none. */
export function noticePage(render: RenderPage, call: AthCall, notice: Notice): AthAnswer {
  const { kind } = notice
  return renderMessage(render, call, {
    status: notice.status,
    say:
      kind === 'done' || kind === 'denied'
        ? (language) => ({
            title: sayText(language, `${kind}.title`),
            text: say(language, `${kind}.text`, { agent: agentName(language, notice.agentName) }),
            next: say(language, `${kind}.next`),
          })
        : messageTexts(kind),
    action: (language) =>
      kind === 'other_user'
        ? html`<p><a class="button" href="${loginPath(call, pageAddress(call), { otherAccount: true })}">${say(language, 'signed_out.other')}</a></p>`
        : html`<p><a href="${ownPath(call, '/me')}">${say(language, 'page.my_agents')}</a></p>`,
  })
}

function agentName(language: Language, name: string | undefined): Html {
  return name === undefined ? say(language, 'notice.the_agent') : foreign(name)
}
