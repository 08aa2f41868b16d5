import {
  canonicalWithout,
  checkTimestamp,
  type Failure,
  fail,
  handshakeTyp,
  importJwk,
  nonceMemorySeconds,
  ok,
  type RefreshedToken,
  type Result,
  sessionEndSchema,
  sessionRequestPayload,
  type TokenRefresh,
  tokenRefreshSchema,
  verifyDetached,
  type SessionEnd,
} from '@ath-protocol/types'
import { checkApproved } from '../endpoint/approved.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import { takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Session } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { checkMayIssue } from '../restriction/check-restrictions.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { endSession } from '../grant/end-session.ts'
import { findGrants, issueSessionToken, type SessionToken } from './issue-session-token.ts'
import {
  faultResult,
  type ReadMessage,
  readMessage,
  type ReceivedMessage,
  refused,
  refuseMessage,
} from './message.ts'

type Request = TokenRefresh | SessionEnd
interface Bound {
  readonly session: Session
}
interface Proven {
  readonly agent: Registration
}
interface Minted {
  readonly token: SessionToken
}
type Refreshing = ReceivedMessage & ReadMessage<TokenRefresh> & Bound & Proven & Minted
type Ending = ReceivedMessage & ReadMessage<SessionEnd> & Bound

/** `token_refresh` (U9): a fresh access token while the session lives, for whoever proves to hold its key. */
export const refreshEndpoint: Endpoint<ReceivedMessage, Refreshing> = {
  story: story<AthPorts, ReceivedMessage>()
    .stage('read', readMessage(tokenRefreshSchema))
    .stage('bind', bind)
    .stage('prove', prove)
    .stage('authorize', authorize)
    .stage('mint', mint),
  answer: (_ports, { session, token }) => {
    const body: RefreshedToken = {
      type: 'token_refreshed',
      session_id: session.id,
      access_token: token.accessToken,
      token_type: 'Bearer',
      expires_in: token.expiresIn,
    }
    return jsonAnswer(200, body)
  },
  record: ({ reached, gathered, result }: Outcome<Refreshing>) =>
    result.ok
      ? {
          ...known(gathered.session),
          event: 'token_refreshed',
          outcome: 'allowed',
          reached,
          effective_scopes: result.value.token.scopes,
        }
      : refusalEvent(reached, result.error, 'access_denied', known(gathered.session)),
  refuse: refuseMessage,
}

/** `session_end` (extension): the agent gives everything back at once. Recorded by `endSession`. */
export const endSessionEndpoint: Endpoint<ReceivedMessage, Ending> = {
  story: story<AthPorts, ReceivedMessage>()
    .stage('read', readMessage(sessionEndSchema))
    .stage('bind', bind)
    .stage('prove', prove)
    .stage('mint', end),
  answer: (_ports, { session }) =>
    jsonAnswer(200, { type: 'session_ended', session_id: session.id }),
  record: ({ reached, gathered, result }: Outcome<Ending>) =>
    result.ok
      ? undefined
      : refusalEvent(reached, result.error, 'request_refused', known(gathered.session)),
  refuse: refuseMessage,
}

const known = (session: Session | undefined) => ({
  session_id: session?.id,
  client_did: session?.clientDid,
  client_id: session?.clientId,
  agent_id: session?.agentId,
  user_id: session?.userId,
})

async function bind(
  ports: AthPorts,
  { message, nineStep }: ReadMessage<Request>,
): Promise<Result<Bound, Failure>> {
  const session = await nineStep.sessions.find(message.session_id)
  if (!session) return fail({ reason: 'session_unknown' })
  const within = takeLimit(ports.limits, 'handshake_client', session.thumbprint)
  return within.ok ? ok({ session }) : within
}

/** The signature comes before whether the session lives: nobody else learns of it. */
async function prove(
  ports: AthPorts,
  { message, nineStep, session }: ReadMessage<Request> & Bound,
): Promise<Result<object, Failure>> {
  const now = ports.clock.now()
  const fresh = faultResult(checkTimestamp(message.timestamp, { now }))
  if (!fresh.ok) return fresh
  const key = await importJwk(session.clientKey)
  if (!key.ok) return refused('key_malformed')
  const unsigned = canonicalWithout(message, 'signature')
  const payload = await sessionRequestPayload(nineStep.serverDid, unsigned)
  const verified = await verifyDetached(message.signature, handshakeTyp, payload, key.value)
  if (!verified.ok) return refused('signature_wrong', { evidence: verified.error })
  const first = await nineStep.replay.claim(
    `session ${session.id}`,
    message.nonce,
    now + nonceMemorySeconds,
  )
  if (!first) return refused('nonce_replayed')
  const lives = session.revokedAt === undefined && now < session.expiresAt
  return lives ? ok({}) : fail({ reason: 'session_over' })
}

async function authorize(
  ports: AthPorts,
  { call, session }: ReceivedMessage & Bound,
): Promise<Result<Proven, Failure>> {
  const agent = await ports.registry.findByClientId(session.clientId)
  if (!agent) return fail({ reason: 'client_unknown' })
  const approved = checkApproved(agent, ports.clock.now())
  if (!approved.ok) return approved
  const may = checkMayIssue(ports, agent, await findGrants(ports, session.grants), call.ip)
  return may.ok ? ok({ agent }) : may
}

async function mint(
  ports: AthPorts,
  { nineStep, session, agent }: ReadMessage<TokenRefresh> & Bound & Proven,
): Promise<Result<Minted, Failure>> {
  const token = await issueSessionToken(ports, nineStep, session, agent)
  if (!token) return fail({ reason: 'session_over' })
  // Somebody may have ended the session meanwhile: its tokens were revoked before this one was there.
  const now = await nineStep.sessions.find(session.id)
  if (now && now.revokedAt === undefined) return ok({ token })
  for (const { grantId } of session.grants)
    await ports.tokens.revokeByGrant(grantId, ports.clock.now())
  return fail({ reason: 'session_over' })
}

async function end(ports: AthPorts, { session }: Bound): Promise<Result<object, Failure>> {
  await endSession(ports, session, 'agent')
  return ok({})
}
