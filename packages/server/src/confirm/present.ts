import { type Failure, fail, ok, renderProblem, type Result } from '@ath-protocol/types'
import { refuseToBrowser } from '../authorize/browser.ts'
import { consentQuestion } from '../consent/question.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Notice } from '../ports/consent-desk.ts'
import type { NineStepHandshake } from '../ports/nine-step.ts'
import { type Outcome, story } from '../story/stage.ts'
import type { AthAnswer } from '../wire/http.ts'
import {
  type Confirming,
  findConfirmation,
  type FoundConfirmation,
  knownOf,
} from './find-confirmation.ts'
import { settledHandshake } from '../settle/settled-handshake.ts'
import { nextLeg } from './upstream-leg.ts'

interface Answered {
  readonly page: AthAnswer
}
type Told = Confirming & FoundConfirmation & Answered

/**
 * `GET /ath/confirm/{request_id}` (U7): the question, for the signed-in person who is asked, and afterwards what became
 * of it. Decides nothing, since whatever looks into mails and chats opens links, too.
 */
export const presentConfirmationEndpoint: Endpoint<Confirming, Told> = {
  story: story<AthPorts, Confirming>()
    .stage('identify', findConfirmation)
    .stage('consent', present),
  answer: (_ports, { page }) => page,
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', knownOf(gathered)),
  refuse: refuseToBrowser,
}

async function present(
  ports: AthPorts,
  { call, consent, agent, nineStep }: Confirming & FoundConfirmation,
): Promise<Result<Answered, Failure>> {
  const { desk } = ports
  if (!desk) return fail({ reason: 'route_unknown' })
  if (!consent.decision) {
    const question = consentQuestion(ports.config, consent, agent, call.path)
    const page = await desk.present(call, question)
    return page.ok ? ok({ page: page.value }) : page
  }
  const userId = await desk.signedInUser(call)
  if (userId === undefined) return ok({ page: desk.signIn(call) })
  if (userId !== consent.userId) return fail({ reason: 'consent_of_other_user' })
  const leg = nineStep ? await nextLeg(ports, nineStep, call, consent) : ok(undefined)
  if (!leg.ok) return leg
  if (leg.value) return ok({ page: leg.value })
  const handshake = nineStep && (await settledHandshake(ports, nineStep, consent))
  const notice = outcomeOf(consent.decision.approved, handshake, ports.clock.now())
  return ok({ page: desk.notice(call, { ...notice, agentName: agent.name }) })
}

/** How an answered question ended. One whose handshake is forgotten went well. */
function outcomeOf(
  approved: boolean,
  handshake: NineStepHandshake | undefined,
  now: number,
): Notice {
  if (!approved || handshake?.state === 'denied') return { kind: 'denied', status: 200 }
  if (!handshake || handshake.state === 'completed') return { kind: 'done', status: 200 }
  if (handshake.state === 'failed') return { kind: 'unknown', status: 200 }
  const { status } = renderProblem({ reason: 'handshake_message', fault: { kind: 'expired' } })
  return now >= handshake.expiresAt ? { kind: 'expired', status } : { kind: 'done', status: 200 }
}
