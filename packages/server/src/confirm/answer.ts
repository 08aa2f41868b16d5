import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { refuseToBrowser } from '../authorize/browser.ts'
import { decideConsent, isRecordedAnswer, wasDecided } from '../consent/decide-consent.ts'
import { consentQuestion } from '../consent/question.ts'
import { answerOf } from '../consent/said.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentDecision } from '../ports/consent-desk.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import { type Outcome, story } from '../story/stage.ts'
import { redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import {
  type Confirming,
  findConfirmation,
  type FoundConfirmation,
  knownOf,
} from './find-confirmation.ts'
import { nextLeg } from './upstream-leg.ts'

interface Said {
  /** Absent when the question was answered before: whatever the form says comes too late. */
  readonly said: ConsentDecision | undefined
}
interface Decided {
  /** With its decision; absent where nothing was decided now. */
  readonly decided: ConsentRequest | undefined
}
interface Answered {
  readonly page: AthAnswer
}
type Told = Confirming & FoundConfirmation & Said & Decided & Answered

/** `POST /ath/confirm/{request_id}` from our own page (D15): yes, less than that, or no; once. */
export const answerConfirmationEndpoint: Endpoint<Confirming, Told> = {
  story: story<AthPorts, Confirming>()
    .stage('identify', findConfirmation)
    .stage('read', read)
    .stage('consent', decide)
    .stage('forward', goOn),
  answer: (_ports, { page }) => page,
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok || isRecordedAnswer(reached, result.error)
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', knownOf(gathered)),
  refuse: refuseToBrowser,
}

async function read(
  ports: AthPorts,
  { call, consent, agent }: Confirming & FoundConfirmation,
): Promise<Result<Said, Failure>> {
  if (!ports.desk) return fail({ reason: 'route_unknown' })
  if (consent.decision) return ok({ said: undefined })
  const question = consentQuestion(ports.config, consent, agent, call.path)
  const said = await ports.desk.decide(call, question)
  return said.ok ? ok({ said: said.value }) : said
}

async function decide(
  ports: AthPorts,
  { call, consent, said }: Confirming & FoundConfirmation & Said,
): Promise<Result<Decided, Failure>> {
  if (!said || said.kind === 'answer') return ok({ decided: undefined })
  const decided = await decideConsent(ports, consent, answerOf(consent, said, call.ip))
  if (decided.ok) return ok({ decided: decided.value })
  // A second tap at the same moment: the first one's outcome is shown.
  return wasDecided(decided.error) ? ok({ decided: undefined }) : decided
}

async function goOn(
  ports: AthPorts,
  { call, consent, nineStep, said, decided }: Confirming & FoundConfirmation & Said & Decided,
): Promise<Result<Answered, Failure>> {
  if (said?.kind === 'answer') return ok({ page: said.answer })
  if (nineStep && decided?.decision?.approved) {
    const leg = await nextLeg(ports, nineStep, call, decided)
    if (!leg.ok) return leg
    if (leg.value) return ok({ page: leg.value })
  }
  // The page itself says how it ended, to its person alone; and opening it again decides nothing.
  return ok({ page: redirectAnswer(call, `${confirmPath(consent.id)}${language(call)}`) })
}

/**
 * Where the person finds the question, and later its outcome. Without an origin: a page may only send its forms on within
 * its own, and people also reach us under another name than agents do, where passkeys belong to that name.
 */
export const confirmPath = (id: ConsentRequest['id']): string => `/ath/confirm/${id}`

/** The language that the person chose on the page goes on with them. */
function language({ query }: AthCall): string {
  const chosen = query.get('lang')
  return chosen === null ? '' : `?lang=${encodeURIComponent(chosen.slice(0, 20))}`
}
