import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { openGrant } from '../grant/open-grant.ts'
import type { AuditEventName } from '../ports/audit.ts'
import type { ConsentDecision } from '../ports/consent-desk.ts'
import type { Handshake } from '../ports/handshakes.ts'
import { type Outcome, story } from '../story/stage.ts'
import { redirectAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import { isBoundBrowser } from './binding.ts'
import { type Found, findQuestion, refuseToBrowser } from './browser.ts'
import { endingUrl } from './finish.ts'
import type { Opening } from './open.ts'
import { consentQuestion } from './question.ts'
import { upstreamUrl } from './upstream-url.ts'

interface Decided {
  readonly decision: ConsentDecision
}
interface Answered {
  readonly page: AthAnswer
}
type Told = Opening & Found & Decided & Answered

/** `POST /ath/authorize/{opaque}`: the person's answer on our own page. */
export const answerConsentEndpoint: Endpoint<Opening, Told> = {
  story: story<AthPorts, Opening>()
    .stage('identify', findQuestion)
    .stage('bind', bind)
    .stage('consent', decide)
    .stage('mint', carryOut),
  answer: (_ports, { page }) => page,
  record: recordAnswer,
  refuse: refuseToBrowser,
}

function bind(_ports: AthPorts, { call, handshake }: Opening & Found): Result<object, Failure> {
  return isBoundBrowser(call, handshake) ? ok({}) : fail({ reason: 'browser_not_bound' })
}

async function decide(
  ports: AthPorts,
  exchange: Opening & Found,
): Promise<Result<Decided, Failure>> {
  const { call, handshake, agent, provider } = exchange
  if (!ports.desk) return fail({ reason: 'route_unknown' })
  const question = consentQuestion(ports, call, handshake, agent, provider)
  const decided = await ports.desk.decide(call, question)
  if (!decided.ok) return decided
  const decision = decided.value
  if (decision.kind !== 'approve') return ok({ decision })
  // The desk only reads the form; that an answer never widens the question is decided here.
  const offered = new Set(question.scopes.filter((scope) => scope.offered).map(({ name }) => name))
  const scopes = decision.scopes.filter((scope) => offered.has(scope))
  const lifetimeSeconds = Math.min(decision.lifetimeSeconds, ports.config.grantLifetimeSeconds)
  return ok({ decision: { ...decision, scopes, lifetimeSeconds } })
}

async function carryOut(
  ports: AthPorts,
  exchange: Opening & Found & Decided,
): Promise<Result<Answered, Failure>> {
  const { call, handshake, provider, decision } = exchange
  const now = ports.clock.now()
  if (decision.kind === 'answer') return ok({ page: decision.answer })
  const before = earlierAnswer(ports, call, handshake)
  if (before) return ok({ page: before })
  if (decision.kind === 'deny') {
    const denied = await ports.handshakes.advance(handshake.id, 'deny', now, {
      userId: decision.userId,
      endReason: 'user_denied',
    })
    if (!denied) return otherAnswer(ports, call, handshake)
    return ok({ page: leave(ports, call, endingUrl(ports, denied, { kind: 'denied' })) })
  }
  if (provider.authMode === 'oauth2') {
    // Also when the person came back and chose anew: the last choice is the one that counts.
    const asking = await ports.handshakes.advance(handshake.id, 'ask', now, {
      userId: decision.userId,
      offeredScopes: decision.scopes,
      grantLifetimeSeconds: decision.lifetimeSeconds,
    })
    if (!asking) return otherAnswer(ports, call, handshake)
    const url = await upstreamUrl(ports, asking, provider)
    return url.ok ? ok({ page: leave(ports, call, url.value.href) }) : url
  }
  const opened = await openGrant(ports, handshake, {
    userId: decision.userId,
    userSource: 'login',
    scopes: decision.scopes,
    lifetimeSeconds: decision.lifetimeSeconds,
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

/** A second tap, or a tap in a second tab: the first answer stands and is shown again. */
function earlierAnswer(
  ports: AthPorts,
  call: AthCall,
  handshake: Handshake,
): AthAnswer | undefined {
  if (handshake.state === 'denied')
    return leave(ports, call, endingUrl(ports, handshake, { kind: 'denied' }))
  if (handshake.state === 'consented' || handshake.state === 'spent')
    return leave(ports, call, endingUrl(ports, handshake, { kind: 'consented', code: undefined }))
  return undefined
}

/** Somebody answered between our reading and our writing. */
async function otherAnswer(
  ports: AthPorts,
  call: AthCall,
  handshake: Handshake,
): Promise<Result<Answered, Failure>> {
  const now = await ports.handshakes.find(handshake.id)
  const page = now && earlierAnswer(ports, call, now)
  return page ? ok({ page }) : fail({ reason: 'handshake_spent' })
}

function recordAnswer({ reached, gathered, result }: Outcome<Told>) {
  const decision = gathered.decision
  const known = {
    client_id: gathered.agent?.clientId,
    agent_id: gathered.agent?.agentId,
    provider_id: gathered.provider?.id,
    requested_scopes: gathered.handshake?.requestedScopes,
    decided_by: 'user',
    user_id: decision && decision.kind !== 'answer' ? decision.userId : undefined,
  }
  if (!result.ok) return refusalEvent(reached, result.error, 'access_denied', known)
  if (decision?.kind === 'approve') {
    const denied = gathered.handshake?.requestedScopes.filter(
      (scope) => !decision.scopes.includes(scope),
    )
    const event: AuditEventName = 'consent_given'
    return {
      ...known,
      event,
      outcome: 'allowed' as const,
      reached,
      effective_scopes: decision.scopes,
      denied_scopes: denied,
    }
  }
  if (decision?.kind !== 'deny') return undefined
  const event: AuditEventName = 'consent_denied'
  return {
    ...known,
    event,
    outcome: 'denied' as const,
    reached,
    denied_scopes: known.requested_scopes,
    denial_reason: 'user_denied',
  }
}
