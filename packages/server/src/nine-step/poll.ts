import {
  type AuthorizationPending,
  type Failure,
  fail,
  handshakeProofHeader,
  importJwk,
  ok,
  parseHandshakeProof,
  type Result,
} from '@ath-protocol/types'
import { settledHandshake } from '../settle/settled-handshake.ts'
import { requestReference } from '../consent/consent-request.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { NineStepHandshake, NineStepPorts } from '../ports/nine-step.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { checkTransport, errorMessage, faultResult, refused } from './message.ts'

/** The longest that an answer waits for a person, in seconds, when the client says `Prefer: wait=N` (RFC 7240 §4.3). */
const longestWaitSeconds = 25
const lookAgainMilliseconds = 400
const settlingSeconds = 5

export interface Polling extends Received {
  readonly handshakeId: string
}
interface Bound {
  readonly handshake: NineStepHandshake
  readonly nineStep: NineStepPorts
}
interface Waited {
  /** Step 8 as it was signed over, or undefined while nobody answered. */
  readonly result: string | undefined
  readonly expiresAt: number
}
type Told = Polling & Bound & Waited

/** `GET /ath/handshake/{handshake_id}` (U3): has the person answered? The client shows its key, since the answer is the agent's alone. */
export const pollEndpoint: Endpoint<Polling, Told> = {
  story: story<AthPorts, Polling>()
    .stage('bind', bind)
    .stage('prove', prove)
    .stage('consent', waitForAnswer),
  answer: (_ports, { handshake, result, expiresAt }) => {
    if (result !== undefined) return { ...jsonAnswer(200, {}), body: result }
    const pending: AuthorizationPending = {
      type: 'authorization_pending',
      handshake_id: handshake.id,
      request_id: handshake.consentId === undefined ? '' : requestReference(handshake.consentId),
      interval: 2,
      expires_at: Math.floor(expiresAt),
    }
    return jsonAnswer(202, pending, { 'retry-after': '2' })
  },
  // A poll decides nothing; a refused one is worth a record.
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', {
          handshake_id: gathered.handshake?.id,
          client_did: gathered.handshake?.clientDid,
        }),
  refuse: (_ports, { gathered }, failure, recordId) =>
    errorMessage(failure, recordId, gathered.handshakeId),
}

async function bind(
  ports: AthPorts,
  { call, handshakeId }: Polling,
): Promise<Result<Bound, Failure>> {
  const { nineStep } = ports
  if (!nineStep) return fail({ reason: 'route_unknown' })
  const transport = checkTransport(call)
  if (!transport.ok) return transport
  const within = takeLimit(ports.limits, 'token_client', `ip ${callerKey(call.ip)}`)
  if (!within.ok) return within
  const handshake = await nineStep.handshakes.find(handshakeId)
  if (!handshake) return fail({ reason: 'nine_step_unknown' })
  return ports.clock.now() < handshake.expiresAt ? ok({ handshake, nineStep }) : refused('expired')
}

/** The newest proof of each handshake: a client that polls shows the same one until it is too old, and it is verified once. */
const verified = new WeakMap<NineStepPorts, Map<string, string>>()
const mostRemembered = 10_000

function verifiedProofs(nineStep: NineStepPorts): Map<string, string> {
  const known = verified.get(nineStep) ?? new Map<string, string>()
  verified.set(nineStep, known)
  if (known.size >= mostRemembered) known.clear()
  return known
}

async function prove(
  ports: AthPorts,
  { call, handshake, nineStep }: Polling & Bound,
): Promise<Result<object, Failure>> {
  const proof = call.headers[handshakeProofHeader]
  const key = await importJwk(handshake.clientKey)
  if (!key.ok) return refused('key_malformed')
  const proofs = verifiedProofs(nineStep)
  const read = parseHandshakeProof(proof, { handshakeId: handshake.id, now: ports.clock.now() })
  if (!read.ok) return faultResult(read)
  if (proof !== undefined && proofs.get(handshake.id) === proof) return ok({})
  const checked = await read.value.verify(key.value)
  if (!checked.ok) return faultResult(checked)
  if (proof !== undefined) proofs.set(handshake.id, proof)
  return ok({})
}

async function waitForAnswer(
  ports: AthPorts,
  { call, handshake, nineStep }: Polling & Bound,
): Promise<Result<Waited, Failure>> {
  let now: NineStepHandshake | undefined = handshake
  let looks = (waitOf(call.headers['prefer']) * 1000) / lookAgainMilliseconds
  while (now && isWaiting(now) && ports.clock.now() < now.expiresAt && looks-- >= 1) {
    await new Promise((resolve) => setTimeout(resolve, lookAgainMilliseconds))
    now = await nineStep.handshakes.find(handshake.id)
  }
  if (!now) return fail({ reason: 'nine_step_unknown' })
  const consent = now.consentId === undefined ? undefined : await ports.consents.find(now.consentId)
  const decidedAt = consent?.decision?.decidedAt ?? Number.POSITIVE_INFINITY
  // What follows an answer takes milliseconds, unless the gateway ended in between.
  if (consent && isWaiting(now) && ports.clock.now() > decidedAt + settlingSeconds)
    now = (await settledHandshake(ports, nineStep, consent)) ?? now
  if (ports.clock.now() >= now.expiresAt) return refused('expired')
  const { m8 } = now.transcript
  if (m8 !== undefined) return ok({ result: m8, expiresAt: now.expiresAt })
  if (!isWaiting(now)) return refused('out_of_order', { evidence: now.state })
  const unanswered = consent && !consent.decision && ports.clock.now() >= consent.expiresAt
  // Nobody answered in time: a handshake that cannot go on is over (U12).
  return unanswered ? refused('expired') : ok({ result: undefined, expiresAt: now.expiresAt })
}

const isWaiting = (handshake: NineStepHandshake | undefined): boolean =>
  handshake?.state === 'asking' || handshake?.state === 'allowed'

function waitOf(prefer: string | undefined): number {
  const wait = /(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])/.exec(prefer ?? '')?.[1]
  return Math.min(longestWaitSeconds, Number(wait ?? 0))
}
