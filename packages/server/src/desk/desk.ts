import { type AthConfig } from '../config.ts'
import { approvalOf, missingStrength } from '../consent/decide-consent.ts'
import { type AuditSink } from '../ports/audit.ts'
import {
  type ConsentDecision,
  type ConsentDesk,
  type ConsentQuestion,
} from '../ports/consent-desk.ts'
import { redirectAnswer } from '../wire/answer.ts'
import { type AthAnswer, type AthCall } from '../wire/http.ts'
import { type Clock, type Failure, fail, ok, renderProblem, type Result } from '@ath-protocol/types'
import { forgedPage, sessionOverPage } from '../login/login-pages.ts'
import type { Login } from '../login/login.ts'
import type { SignedIn } from '../login/people.ts'
import { loginPath } from '../login/return-to.ts'
import type { Passkeys } from '../passkeys/passkeys.ts'
import { askedLanguage, chooseLanguage } from '../pages/messages/language.ts'
import { sayText } from '../pages/messages/say.ts'
import { plainLine } from '../pages/foreign-text.ts'
import { inOtherLanguage } from '../pages/page.ts'
import { confirmWithPasskey, weakStatus } from './confirm-with-passkey.ts'
import { handOverPage } from './hand-over.ts'
import { noticePage } from './notice.ts'
import { pageAddress } from './page-address.ts'
import { noPasskeyPage } from './passkey-page.ts'
import { type Asked, questionPage, questionTitle, sayProviders } from './question-page.ts'
import { asksOnce } from './step-up-page.ts'
import { type FormAnswer, readFormAnswer } from './read-answer.ts'

export interface ConsentDeskOptions {
  readonly login: Pick<Login, 'people' | 'render'>
  readonly passkeys: Passkeys
  readonly config: Pick<AthConfig, 'passkeyFrom' | 'providers' | 'nineStep'>
  readonly clock: Clock
  readonly audit: AuditSink
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
  ): AthAnswer {
    const language = chooseLanguage(call)
    const { clientDid, expiresAt } = question.consent
    return render({
      language,
      title: sayText(language, questionTitle(question), {
        agent: plainLine(question.agent.name),
        provider: sayProviders(language, question),
      }),
      status: entered ? unreadableStatus : 200,
      otherLanguage: inOtherLanguage(call, language),
      body: questionPage({
        language,
        question,
        namedHere:
          options.config.nineStep?.pinnedDids.some(({ did }) => did === clientDid) === true,
        person,
        csrfToken: session.csrfToken,
        secondsLeft: expiresAt - clock.now(),
        formAction: inSameLanguage(call, question.formAction),
        mount: call.mount,
        thisPage: pageAddress(call),
        entered,
      }),
    })
  }

  /** The person's yes, by their session where that is enough, else by a passkey over exactly this. */
  async function approve(
    call: AthCall,
    question: ConsentQuestion,
    signedIn: SignedIn,
    said: Extract<FormAnswer, { kind: 'approve' }>,
  ): Promise<Result<ConsentDecision, Failure>> {
    const { scopes, lifetimeSeconds } = said
    const userId = signedIn.person.id
    const approval = approvalOf(options.config, scopes)
    if (missingStrength(options.config, approval, 'session') !== 'passkey')
      return ok({ kind: 'approve', userId, scopes, lifetimeSeconds, method: 'session' })
    const { passkeys, audit } = options
    if (!(await passkeys.has(userId))) return answer(noPasskeyPage(render, call, weakStatus))
    const confirming = { render, passkeys, clock, audit }
    return ok(await confirmWithPasskey(confirming, call, question, signedIn, said))
  }

  const isOver = ({ consent }: ConsentQuestion) => clock.now() >= consent.expiresAt

  return {
    async present(call, question) {
      if (isOver(question)) return ok(noticePage(render, call, expired(question)))
      const signedIn = await people.current(call)
      if (!signedIn) return ok(redirectAnswer(call, loginPath(call, pageAddress(call))))
      const asked = checkPerson(question, signedIn)
      if (!asked.ok) return asked
      if (!isFreshEnough(question, signedIn))
        return ok(redirectAnswer(call, signInAgain(call, pageAddress(call))))
      return ok(ask(call, question, signedIn, undefined))
    },
    async decide(call, question) {
      if (isOver(question)) return answer(noticePage(render, call, expired(question)))
      const acting = await people.acting(call)
      if (!acting.ok)
        return answer(
          acting.error === 'forged'
            ? forgedPage(render, call)
            : sessionOverPage(render, call, pageAddress(call)),
        )
      const asked = checkPerson(question, acting.value)
      if (!asked.ok) return asked
      if (!isFreshEnough(question, acting.value))
        return answer(sessionOverPage(render, call, pageAddress(call)))
      const said = readFormAnswer(call, question)
      if (said.kind === 'deny') return ok({ kind: 'deny', userId: acting.value.person.id })
      if (said.kind === 'again') return answer(ask(call, question, acting.value, said))
      return approve(call, question, acting.value, said)
    },
    async signedInUser(call) {
      if (call.method === 'GET' || call.method === 'HEAD')
        return (await people.current(call))?.person.id
      const acting = await people.acting(call)
      return acting.ok ? acting.value.person.id : undefined
    },
    signIn: (call) => redirectAnswer(call, loginPath(call, pageAddress(call))),
    notice: (call, notice) => noticePage(render, call, notice),
    handOver: (call, to) => handOverPage(render, call, to),
  }
}

const answer = (page: AthAnswer): Result<ConsentDecision, Failure> =>
  ok({ kind: 'answer', answer: page })

/** Where a question is to one person, nobody else sees any of it. */
function checkPerson(
  { consent }: ConsentQuestion,
  { person }: SignedIn,
): Result<undefined, Failure> {
  return consent.userId === undefined || consent.userId === person.id
    ? ok(undefined)
    : fail({ reason: 'consent_of_other_user' })
}

/** Clocks of two machines, and providers that count in whole seconds. */
const leewaySeconds = 60

/** One request is confirmed by who proves who they are now, not by whoever finds a browser open. */
const isFreshEnough = (question: ConsentQuestion, { session }: SignedIn): boolean =>
  !asksOnce(question) || session.createdAt >= question.consent.createdAt - leewaySeconds

const signInAgain = (call: AthCall, page: string): string =>
  loginPath(call, page, { otherAccount: true })

const unreadableStatus = renderProblem({ reason: 'request_malformed', errors: [] }).status

const expired = ({ agent, consent }: ConsentQuestion) => ({
  kind: 'expired' as const,
  agentName: agent.name,
  status: renderProblem(
    consent.handshake.kind === 'two_phase'
      ? { reason: 'handshake_expired' }
      : { reason: 'handshake_message', fault: { kind: 'expired' } },
  ).status,
})

function inSameLanguage(call: AthCall, formAction: string): string {
  const asked = askedLanguage(call)
  return asked === undefined ? formAction : `${formAction}?lang=${asked}`
}
