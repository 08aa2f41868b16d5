import {
  canonicalJson,
  type ConfirmationResponse,
  confirmationResponseSchema,
  checkTimestamp,
  type Failure,
  fail,
  handshakeTyp,
  ok,
  type ProviderScope,
  qualifiedScope,
  readWire,
  type Result,
  userDecisionPayload,
  verifyDetached,
} from '@ath-protocol/types'
import { confirmationMessage } from '../consent/confirmation-message.ts'
import { decideConsent, isRecordedAnswer } from '../consent/decide-consent.ts'
import { denialOf } from '../consent/said.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { faultResult, refused } from '../nine-step/message.ts'
import type { ConsentDecided, ConsentRequest } from '../ports/consents.ts'
import { type Outcome, story } from '../story/stage.ts'
import { findRegisteredKey, keyIdOf, type RegisteredKey } from '../user/registered-key.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import {
  type Confirming,
  findConfirmation,
  type FoundConfirmation,
  knownOf,
} from './find-confirmation.ts'
import { statusOf } from './read.ts'

interface Read {
  readonly message: ConfirmationResponse
  /** Canonical JSON of what was signed: the message without its signature. */
  readonly unsigned: string
  /** Canonical JSON of all of it: the evidence. */
  readonly whole: string
}
interface Proven {
  readonly key: RegisteredKey
}
interface Chosen {
  readonly chosen: Pick<ConsentDecided, 'scopes' | 'lifetimeSeconds'>
}
interface Decided {
  readonly decided: ConsentRequest
}
type Told = Confirming & FoundConfirmation & Read & Proven & Chosen & Decided

/** A permission shorter than this cannot be used: the agent has to fetch its token first. */
const shortestSeconds = 60

/** `POST /ath/confirm/{request_id}` as JSON: step 7, signed with a key that the person registered (D15, U7). */
export const signedConfirmationEndpoint: Endpoint<Confirming, Told> = {
  story: story<AthPorts, Confirming>()
    .stage('identify', findConfirmation)
    .stage('read', read)
    .stage('prove', prove)
    .stage('authorize', choose)
    .stage('consent', decide),
  answer: (_ports, { decided }) =>
    jsonAnswer(200, {
      request_id: decided.id,
      ...statusOf(decided),
      approved_scopes: decided.decision?.scopes.map(qualifiedScope) ?? [],
      lifetime_seconds: decided.decision?.lifetimeSeconds ?? 0,
    }),
  record: ({ reached, gathered, result }: Outcome<Told>) =>
    result.ok || isRecordedAnswer(reached, result.error)
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', {
          ...knownOf(gathered),
          user_id: gathered.key?.registered.userId,
        }),
}

function read(_ports: AthPorts, { call, requestId }: Confirming): Result<Read, Failure> {
  const body = readBody(call)
  if (!body.ok) return body
  const message = readWire(confirmationResponseSchema, body.value)
  if (!message.ok) return fail({ reason: 'request_malformed', errors: message.error })
  if (message.value.request_id !== requestId)
    return malformed('request_id', 'not the question at this address')
  const { signature: _, ...rest } = body.value
  const unsigned = canonicalJson(rest)
  const whole = canonicalJson(body.value)
  if (!unsigned.ok || !whole.ok) return refused('message_not_canonical')
  return ok({ message: message.value, unsigned: unsigned.value, whole: whole.value })
}

/** That the person's own key signed this answer, just now, to this very question. */
async function prove(
  ports: AthPorts,
  { message, unsigned, consent, agent, nineStep }: Read & FoundConfirmation,
): Promise<Result<Proven, Failure>> {
  const fresh = faultResult(checkTimestamp(message.timestamp, { now: ports.clock.now() }))
  if (!fresh.ok) return fresh
  // A key in a file is no sign that the person is there now, which is all that one request's confirmation is about.
  if (!nineStep) return fail({ reason: 'confirmation_too_weak', needs: 'page' })
  const keyId = keyIdOf(message.signature)
  const key = keyId === undefined ? undefined : await findRegisteredKey(nineStep.userKeys, keyId)
  if (!key) return fail({ reason: 'user_key_unknown' })
  const asked = consent.message ?? confirmationMessage(consent, agent)
  const payload = await userDecisionPayload(asked, unsigned)
  const verified = await verifyDetached(message.signature, handshakeTyp, payload, key.key)
  return verified.ok
    ? ok({ key })
    : refused('signature_wrong', { member: 'signature', evidence: verified.error })
}

function choose(
  ports: AthPorts,
  { message, consent }: Read & FoundConfirmation,
): Result<Chosen, Failure> {
  if (!message.approved) return ok({ chosen: { scopes: [], lifetimeSeconds: 0 } })
  const offered = new Map(consent.offered.map((scope) => [qualifiedScope(scope), scope]))
  const names = [...new Set(message.approved_scopes)]
  const wider = names.filter((name) => !offered.has(name))
  if (wider.length > 0) return fail({ reason: 'confirmation_too_wide', scopes: wider })
  // Counted on the clock that makes it shorter: the person's may be off by some minutes.
  const from = Math.max(message.timestamp, ports.clock.now())
  const lifetimeSeconds = Math.floor(message.expires_at - from)
  if (lifetimeSeconds < shortestSeconds)
    return malformed('expires_at', `less than ${shortestSeconds} seconds from now`)
  return ok({
    chosen: { scopes: names.map((name) => offered.get(name) as ProviderScope), lifetimeSeconds },
  })
}

async function decide(
  ports: AthPorts,
  exchange: Confirming & Read & FoundConfirmation & Proven & Chosen,
): Promise<Result<Decided, Failure>> {
  const { call, consent, message, whole, key, chosen } = exchange
  const decided = await decideConsent(ports, consent, {
    ...denialOf(key.registered.userId, 'key'),
    ...chosen,
    approved: message.approved,
    message: whole,
    ip: call.ip,
  })
  return decided.ok ? ok({ decided: decided.value }) : decided
}

const malformed = (path: string, problem: string): Result<never, Failure> =>
  fail({ reason: 'request_malformed', errors: [{ path, problem }] })
