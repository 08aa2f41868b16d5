import type { AthAnswer, AthCall } from '../wire/http.ts'
import { type Failure, renderProblem } from '@ath-protocol/types'
import { html } from '../pages/html.ts'
import {
  messageTexts,
  type MessageKind,
  type MessagePage,
  renderMessage,
} from '../pages/message-page.ts'
import { say, sayText } from '../pages/messages/say.ts'
import { sayDuration } from '../pages/messages/time.ts'
import { ownPath } from '../pages/own-path.ts'
import type { RenderPage } from '../pages/page.ts'
import { loginPath } from './return-to.ts'

/** Why the person is not signed in, in their words; the operator finds the reason in the audit record. */
export function failedPage(
  render: RenderPage,
  call: AthCall,
  failure: Failure,
  returnTo = ownPath(call, '/me'),
): AthAnswer {
  const { status, headers } = renderProblem(failure)
  const retryAfter = headers['retry-after']
  return renderMessage(render, call, {
    status,
    say:
      failure.reason === 'rate_limited'
        ? (language) => ({
            title: sayText(language, 'login_limited.title'),
            text: say(language, 'login_limited.text'),
            next: say(language, 'login_limited.next', {
              duration: sayDuration(language, failure.retryAfterSeconds),
            }),
          })
        : messageTexts(failureKind(failure)),
    action: signInLink(loginPath(call, returnTo)),
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
  })
}

function failureKind(failure: Failure): MessageKind {
  switch (failure.reason) {
    case 'state_unknown':
      return 'login_over'
    case 'browser_not_bound':
      return 'login_other_browser'
    case 'user_denied':
      return 'login_refused'
    case 'dependency_down':
      return 'login_down'
    default:
      return 'login_failed'
  }
}

/** A form that was not ours, or from a session before this one. */
export function forgedPage(render: RenderPage, call: AthCall): AthAnswer {
  const { status } = renderProblem({ reason: 'browser_not_bound' })
  return renderMessage(render, call, { status, say: messageTexts('forged') })
}

/** An answer that arrived after the session ended. Not a redirect: see `ConsentDesk.handOver`. */
export function sessionOverPage(render: RenderPage, call: AthCall, returnTo: string): AthAnswer {
  const { status } = renderProblem({ reason: 'browser_not_bound' })
  return renderMessage(render, call, {
    status,
    say: messageTexts('session_over'),
    action: signInLink(loginPath(call, returnTo)),
  })
}

export function signedOutPage(
  render: RenderPage,
  call: AthCall,
  cookie: string,
  returnTo = ownPath(call, '/me'),
): AthAnswer {
  return renderMessage(render, call, {
    status: 200,
    say: messageTexts('signed_out'),
    action: (language) =>
      html`<p><a class="button" href="${loginPath(call, returnTo, { otherAccount: true })}">${say(language, 'signed_out.other')}</a></p>`,
    headers: { 'set-cookie': [cookie] },
  })
}

const signInLink =
  (href: string): NonNullable<MessagePage['action']> =>
  (language) =>
    html`<p><a class="button" href="${href}">${say(language, 'signed_out.link')}</a></p>`
