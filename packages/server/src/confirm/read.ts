import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import { type Outcome, story } from '../story/stage.ts'
import { proveCaller, questionView } from '../user/inbox.ts'
import type { ProvenUser } from '../user/prove-user.ts'
import { jsonAnswer } from '../wire/answer.ts'
import {
  type Confirming,
  findConfirmation,
  type FoundConfirmation,
  knownOf,
} from './find-confirmation.ts'

interface Proven {
  readonly user: ProvenUser
}
type Told = Confirming & Proven & FoundConfirmation

/**
 * `GET /ath/confirm/{request_id}` for a program of the person, which proves a registered key of theirs: step 6 as it was
 * made, and what a person reads of it. `message` is the text that an answer signs (U7).
 */
export const readConfirmationEndpoint: Endpoint<Confirming, Told> = {
  story: story<AthPorts, Confirming>()
    .stage('prove', proveCaller)
    .stage('identify', findConfirmation)
    .stage('authorize', authorize),
  answer: ({ config }, { consent, agent }) =>
    jsonAnswer(200, {
      request: JSON.parse(consent.message ?? 'null'),
      ...questionView(config, consent, agent),
      ...statusOf(consent),
    }),
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', {
          ...knownOf(gathered),
          user_id: gathered.user?.userId,
        }),
}

function authorize(
  _ports: AthPorts,
  { consent, user }: Proven & FoundConfirmation,
): Result<object, Failure> {
  return consent.userId === user.userId ? ok({}) : fail({ reason: 'consent_of_other_user' })
}

/** How a question stands, as programs read it. */
export const statusOf = ({ decision }: Pick<ConsentRequest, 'decision'>) => ({
  status: decision === undefined ? 'pending' : decision.approved ? 'approved' : 'denied',
})
