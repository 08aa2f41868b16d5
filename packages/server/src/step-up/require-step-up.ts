import {
  type AgentId,
  type ClientId,
  type Failure,
  fail,
  ok,
  prefix,
  type ProviderScope,
  type Result,
  type UserId,
} from '@ath-protocol/types'
import { newConsentId, riskOf } from '../consent/consent-request.ts'
import { takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { ReplayStore } from '../ports/replay.ts'
import { isSameRequest, readStepUp, type StepUpRequest, writeStepUp } from './request.ts'

/** With which an agent repeats a request that its user confirmed. */
export const stepUpHeader = 'x-ath-step-up'

/** How long the person has, and how long their yes can be used. */
export const stepUpLifetimeSeconds = 600

export interface StepUpAsked {
  readonly clientId: ClientId
  readonly agentId: AgentId
  /** Of an agent that came by DID: it never gets the link (D14). */
  readonly clientDid: string | undefined
  readonly userId: UserId
  readonly scope: ProviderScope
  readonly request: StepUpRequest
  /** `X-ATH-Step-Up` as sent. */
  readonly given: string | undefined
}

export interface StepUpPorts
  extends Pick<AthPorts, 'config' | 'clock' | 'random' | 'consents' | 'limits' | 'audit'> {
  /** A confirmation is used once. */
  readonly replay: ReplayStore
}

/**
 * Lets a request through that its person confirmed, once (RFC 9470 in spirit: proof of the user beyond the token).
 * Failures: `step_up_required` with a new question, `step_up_pending`, `user_denied`, `rate_limited`.
 */
export async function requireStepUp(
  ports: StepUpPorts,
  asked: StepUpAsked,
): Promise<Result<void, Failure>> {
  const question = await findQuestion(ports, asked)
  if (!question) return ask(ports, asked)
  const { decision } = question
  const now = ports.clock.now()
  if (!decision)
    return now < question.expiresAt
      ? fail({ reason: 'step_up_pending', stepUp: stepUpOf(ports, question) })
      : ask(ports, asked)
  if (!decision.approved) return fail({ reason: 'user_denied' })
  // Kept as long as the question is: after that nobody can find it to use it again.
  const keptUntil = question.expiresAt + stepUpLifetimeSeconds
  const isFirst =
    now < question.expiresAt &&
    (await ports.replay.claim(asked.agentId, `step-up ${question.handshake.id}`, keptUntil))
  return isFirst ? ok(undefined) : ask(ports, asked)
}

/** The question that this very request was asked with. That of another request, agent or grant is nobody's. */
async function findQuestion(
  { consents }: StepUpPorts,
  { given, request, clientId }: StepUpAsked,
): Promise<ConsentRequest | undefined> {
  if (!given?.startsWith(prefix.stepUp)) return undefined
  const found = await consents.findByHandshake(given)
  if (found?.handshake.kind !== 'step_up' || found.clientId !== clientId) return undefined
  const about = readStepUp(found.message)
  return about && isSameRequest(about, request) ? found : undefined
}

async function ask(
  ports: StepUpPorts,
  { clientId, agentId, clientDid, userId, scope, request }: StepUpAsked,
): Promise<Result<never, Failure>> {
  const within = takeLimit(ports.limits, 'step_up', `${clientId} ${userId}`)
  if (!within.ok) return within
  const now = ports.clock.now()
  const question: ConsentRequest = {
    id: newConsentId(ports),
    handshake: { kind: 'step_up', id: `${prefix.stepUp}${ports.random.token(32)}` },
    clientId,
    agentId,
    ...(clientDid === undefined ? {} : { clientDid }),
    userId,
    requested: [scope],
    offered: [scope],
    risk: riskOf(ports.config, [scope]),
    restrictions: [],
    longestSeconds: stepUpLifetimeSeconds,
    message: writeStepUp(request),
    createdAt: now,
    expiresAt: now + stepUpLifetimeSeconds,
  }
  await ports.consents.insert(question)
  ports.audit.record({
    event: 'confirmation_requested',
    outcome: 'allowed',
    client_id: clientId,
    agent_id: agentId,
    user_id: userId,
    provider_id: scope.providerId,
    requested_scopes: [scope.name],
    handshake_id: question.handshake.id,
    method: request.method,
    path: request.target.split('?', 1)[0],
  })
  return fail({ reason: 'step_up_required', stepUp: stepUpOf(ports, question) })
}

function stepUpOf(
  { config }: StepUpPorts,
  { id, handshake, clientDid, expiresAt }: ConsentRequest,
) {
  const page = clientDid === undefined ? `/ath/confirm/${id}` : `${config.peopleMount ?? ''}/me`
  return { id: handshake.id, confirmUrl: `${config.baseUrl}${page}`, expiresAt }
}
