import {
  type AthAnswer,
  type AthCall,
  type ConsentDesk,
  type ConsentQuestion,
  redirectAnswer,
} from '@ath-protocol/server'
import { type Clock, ok, renderProblem } from '@ath-protocol/types'
import { forgedPage, sessionOverPage } from '../login/login-pages.ts'
import type { Login } from '../login/login.ts'
import type { SignedIn } from '../login/people.ts'
import { loginPath } from '../login/return-to.ts'
import { askedLanguage, chooseLanguage } from '../pages/messages/language.ts'
import { sayText } from '../pages/messages/say.ts'
import { plainLine } from '../pages/foreign-text.ts'
import { inOtherLanguage } from '../pages/page.ts'
import { handOverPage } from './hand-over.ts'
import { noticePage } from './notice.ts'
import { type Asked, questionPage } from './question-page.ts'
import { readFormAnswer } from './read-answer.ts'

export interface ConsentDeskOptions {
  readonly login: Pick<Login, 'people' | 'render'>
  readonly clock: Clock
}

/** Asks the signed-in person on the gateway's own page. */
export function createConsentDesk(options: ConsentDeskOptions): ConsentDesk {
  const { clock } = options
  const { people, render } = options.login

  function ask(
    call: AthCall,
    question: ConsentQuestion,
    { person, session }: SignedIn,
    entered: Asked['entered'],
    status: number,
  ): AthAnswer {
    const language = chooseLanguage(call)
    const asked = askedLanguage(call)
    return render({
      language,
      title: sayText(language, 'consent.title', {
        agent: plainLine(question.agent.name),
        provider: plainLine(question.provider.displayName),
      }),
      status,
      otherLanguage: inOtherLanguage(call, language),
      body: questionPage({
        language,
        question,
        person,
        csrfToken: session.csrfToken,
        secondsLeft: question.handshake.expiresAt - clock.now(),
        formAction:
          asked === undefined ? question.formAction : `${question.formAction}?lang=${asked}`,
        thisPage: pageAddress(call),
        entered,
      }),
    })
  }

  const isOver = ({ handshake }: ConsentQuestion) => clock.now() >= handshake.expiresAt

  return {
    async present(call, question) {
      if (isOver(question)) return noticePage(render, call, expired(question))
      const signedIn = await people.current(call)
      if (!signedIn) return redirectAnswer(call, loginPath(pageAddress(call)))
      return ask(call, question, signedIn, undefined, 200)
    },
    async decide(call, question) {
      const answer = (page: AthAnswer) => ok({ kind: 'answer', answer: page } as const)
      if (isOver(question)) return answer(noticePage(render, call, expired(question)))
      const acting = await people.acting(call)
      if (!acting.ok)
        return answer(
          acting.error === 'forged'
            ? forgedPage(render, call)
            : sessionOverPage(render, call, pageAddress(call)),
        )
      const userId = acting.value.person.id
      const said = readFormAnswer(call, question)
      if (said.kind === 'deny') return ok({ kind: 'deny', userId })
      if (said.kind === 'approve')
        return ok({
          kind: 'approve',
          userId,
          scopes: said.scopes,
          lifetimeSeconds: said.lifetimeSeconds,
        })
      return answer(ask(call, question, acting.value, said, unreadableStatus))
    },
    async signedInUser(call) {
      if (call.method === 'GET' || call.method === 'HEAD')
        return (await people.current(call))?.person.id
      const acting = await people.acting(call)
      return acting.ok ? acting.value.person.id : undefined
    },
    notice: (call, notice) => noticePage(render, call, notice),
    handOver: (call, to) => handOverPage(render, call, to),
  }
}

const unreadableStatus = renderProblem({ reason: 'request_malformed', errors: [] }).status

const expired = ({ agent }: ConsentQuestion) => ({
  kind: 'expired' as const,
  agentName: agent.name,
  status: renderProblem({ reason: 'handshake_expired' }).status,
})

function pageAddress({ path, query }: AthCall): string {
  return query.size === 0 ? path : `${path}?${query}`
}
