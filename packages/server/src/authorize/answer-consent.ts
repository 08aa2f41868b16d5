import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import {
  type ConsentAnswer,
  decideConsent,
  isRecordedAnswer,
  wasDecided,
} from '../consent/decide-consent.ts'
import { consentQuestion } from '../consent/question.ts'
import { answerOf } from '../consent/said.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { openGrant } from '../grant/open-grant.ts'
import type { ConsentDecision } from '../ports/consent-desk.ts'
import type { ConsentDecided } from '../ports/consents.ts'
import type { Handshake } from '../ports/handshakes.ts'
import { type Outcome, story } from '../story/stage.ts'
import { redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import { isBoundBrowser } from './binding.ts'
import { findQuestion, type FoundQuestion, refuseToBrowser } from './browser.ts'
import { endingUrl } from './finish.ts'
import type { Opening } from './open.ts'
import { lessen, type Standing } from './standing.ts'
import { upstreamUrl } from './upstream-url.ts'

interface Said {
  readonly said: ConsentDecision
}
interface Decided {
  /** Absent where the desk answered itself, or the handshake has ended before. */
  readonly decided:
    | { readonly decision: ConsentDecided; readonly answer: ConsentAnswer }
    | undefined
}
interface Stood {
  /** What is carried out. */
  readonly standing: Standing | undefined
}
interface Answered {
  readonly page: AthAnswer
}
type Told = Opening & FoundQuestion & Said & Decided & Stood & Answered

/** `POST /ath/authorize/{opaque}`: the person's answer on our own page. */
export const answerConsentEndpoint: Endpoint<Opening, Told> = {
  story: story<AthPorts, Opening>()
    .stage('identify', findQuestion)
    .stage('bind', bind)
    .stage('read', read)
    .stage('consent', decide)
    .stage('authorize', stand)
    .stage('mint', carryOut),
  answer: (_ports, { page }) => page,
  record: recordAnswer,
  refuse: refuseToBrowser,
}

function bind(
  _ports: AthPorts,
  { call, handshake }: Opening & FoundQuestion,
): Result<object, Failure> {
  return isBoundBrowser(call, handshake) ? ok({}) : fail({ reason: 'browser_not_bound' })
}

async function read(
  ports: AthPorts,
  { call, agent, consent }: Opening & FoundQuestion,
): Promise<Result<Said, Failure>> {
  if (!ports.desk) return fail({ reason: 'route_unknown' })
  if (!consent) return fail({ reason: 'handshake_unknown' })
  const question = consentQuestion(ports.config, consent, agent, call.path)
  const said = await ports.desk.decide(call, question)
  return said.ok ? ok({ said: said.value }) : said
}

/** The first answer stands, also when the gateway went down before it was carried out. */
async function decide(
  ports: AthPorts,
  { call, handshake, consent, said }: Opening & FoundQuestion & Said,
): Promise<Result<Decided, Failure>> {
  if (said.kind === 'answer' || !consent || hasEnded(handshake)) return ok({ decided: undefined })
  const answer = answerOf(consent, said, call.ip)
  const decided = consent.decision ? ok(consent) : await decideConsent(ports, consent, answer)
  if (!decided.ok && !wasDecided(decided.error)) return decided
  const { decision } = (decided.ok ? decided.value : await ports.consents.find(consent.id)) ?? {}
  return decision ? ok({ decided: { decision, answer } }) : fail({ reason: 'handshake_unknown' })
}

function stand(_ports: AthPorts, { decided }: Decided): Result<Stood, Failure> {
  if (!decided) return ok({ standing: undefined })
  const { decision, answer } = decided
  if (decision.userId !== answer.userId) return fail({ reason: 'consent_of_other_user' })
  return ok({ standing: lessen(decision, answer) })
}

async function carryOut(
  ports: AthPorts,
  exchange: Opening & FoundQuestion & Said & Stood,
): Promise<Result<Answered, Failure>> {
  const { call, handshake, agent, provider, said, standing } = exchange
  const now = ports.clock.now()
  if (said.kind === 'answer') return ok({ page: said.answer })
  if (!standing) return otherAnswer(ports, call, handshake)
  const { userId, scopes, lifetimeSeconds } = standing
  if (!standing.approved) {
    const denied = await ports.handshakes.advance(handshake.id, 'deny', now, {
      userId,
      endReason: 'user_denied',
    })
    if (!denied) return otherAnswer(ports, call, handshake)
    return ok({ page: leave(ports, call, endingUrl(ports, denied, { kind: 'denied' })) })
  }
  if (provider.authMode === 'oauth2') {
    const asking = await ports.handshakes.advance(handshake.id, 'ask', now, {
      userId,
      offeredScopes: scopes,
      grantLifetimeSeconds: lifetimeSeconds,
    })
    if (!asking) return otherAnswer(ports, call, handshake)
    const url = await upstreamUrl(ports, asking, provider)
    return url.ok ? ok({ page: leave(ports, call, url.value.href) }) : url
  }
  const opened = await openGrant(ports, handshake, {
    agent,
    userId,
    userSource: 'login',
    scopes,
    lifetimeSeconds,
  })
  if (!opened.ok)
    return opened.error.reason === 'handshake_spent' ? otherAnswer(ports, call, handshake) : opened
  const { code } = opened.value
  return ok({
    page: leave(ports, call, endingUrl(ports, opened.value.handshake, { kind: 'consented', code })),
  })
}

/** Sends the browser on: within our origin by redirect, elsewhere by a page, which no form policy holds back. */
function leave(ports: AthPorts, call: AthCall, to: string): AthAnswer {
  const own = new URL(to).origin === new URL(ports.config.baseUrl).origin
  return own || !ports.desk ? redirectAnswer(call, to) : ports.desk.handOver(call, to)
}

const hasEnded = ({ state }: Handshake): boolean =>
  state === 'denied' || state === 'consented' || state === 'spent'

/** A second tap, a tap in a second tab, or one between our reading and our writing: the first answer is shown again. */
async function otherAnswer(
  ports: AthPorts,
  call: AthCall,
  { id }: Handshake,
): Promise<Result<Answered, Failure>> {
  const handshake = await ports.handshakes.find(id)
  if (!handshake || !hasEnded(handshake)) return fail({ reason: 'handshake_spent' })
  const ending =
    handshake.state === 'denied'
      ? ({ kind: 'denied' } as const)
      : ({ kind: 'consented', code: undefined } as const)
  return ok({ page: leave(ports, call, endingUrl(ports, handshake, ending)) })
}

/** What the person decided is recorded where it is decided; here what came of it otherwise. */
function recordAnswer({ reached, gathered, result }: Outcome<Told>) {
  const { standing } = gathered
  const known = {
    client_id: gathered.agent?.clientId,
    agent_id: gathered.agent?.agentId,
    provider_id: gathered.provider?.id,
    requested_scopes: gathered.handshake?.requestedScopes,
    handshake_id: gathered.handshake?.id,
    decided_by: 'user',
    user_id: standing?.userId,
  }
  if (!result.ok)
    return isRecordedAnswer(reached, result.error)
      ? undefined
      : refusalEvent(reached, result.error, 'access_denied', known)
  if (!standing?.lessened) return undefined
  const denied = known.requested_scopes?.filter((scope) => !standing.scopes.includes(scope))
  return standing.approved
    ? ({
        ...known,
        event: 'consent_given',
        outcome: 'allowed',
        reached,
        effective_scopes: standing.scopes,
        denied_scopes: denied,
      } as const)
    : ({
        ...known,
        event: 'consent_denied',
        outcome: 'denied',
        reached,
        denied_scopes: denied,
        denial_reason: 'user_denied',
      } as const)
}
