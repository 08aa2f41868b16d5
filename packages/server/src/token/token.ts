import {
  type Failure,
  fail,
  intersectScopes,
  ok,
  type Result,
  type ScopeIntersection,
  type TokenRequest,
  tokenRequestSchema,
} from '@ath-protocol/types'
import { approvedScopes } from '../endpoint/approved.ts'
import { tokenAudiences } from '../endpoint/audience.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import { endGrant } from '../grant/end-grant.ts'
import { endGrantBy } from '../grant/end-grant-by.ts'
import type { Grant } from '../ports/grants.ts'
import type { Handshake } from '../ports/handshakes.ts'
import { checkMayIssue } from '../restriction/check-restrictions.ts'
import { matchesHash, tokenRef } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { readBody } from '../wire/body.ts'
import {
  type Identified,
  identifyCaller,
  missingCallerFields,
  type Proven,
  proveCaller,
} from './caller.ts'
import { answerToken, type Issued, issueToken } from './issue.ts'

/** A code went through a browser, so it is good for its way back only (RFC 9700 §4.5). */
const codeLifetimeSeconds = 60

interface Read {
  readonly request: TokenRequest
}
interface Bound {
  readonly handshake: Handshake
}
interface Consented {
  readonly grant: Grant
  readonly scopes: ScopeIntersection
}
interface Minted {
  readonly issued: Issued
}
type Told = Received & Read & Identified & Proven & Bound & Consented & Minted

/** `POST /ath/token` (R78–R90): one token for one handshake. Checks in C16's order. */
export const tokenEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('read', read)
    .stage('identify', identifyCaller)
    .stage('prove', (ports, exchange) => proveCaller(ports, tokenAudiences(ports.config), exchange))
    .stage('bind', bind)
    .stage('consent', consent)
    .stage('mint', mint),
  answer: (_ports, { issued, scopes }) => answerToken(issued, scopes),
  record: recordExchange,
}

function read(_ports: AthPorts, { call }: Received): Result<Read, Failure> {
  const body = readBody(call, ['json', 'form'])
  if (!body.ok) return body
  const request = readFields(tokenRequestSchema, body.value, missingCallerFields)
  return request.ok ? ok({ request: request.value }) : request
}

async function bind(
  ports: AthPorts,
  { request, agent }: Read & Identified,
): Promise<Result<Bound, Failure>> {
  const handshake = await ports.handshakes.find(request.ath_session_id)
  if (!handshake) return fail({ reason: 'handshake_unknown' })
  if (handshake.clientId !== agent.clientId) return fail({ reason: 'handshake_of_other_client' })
  if (handshake.state === 'spent') {
    if (isDeliveredCode(request, handshake)) await endReused(ports, handshake)
    return fail({ reason: 'handshake_spent' })
  }
  if (handshake.state === 'denied') return fail({ reason: 'user_denied' })
  if (ports.clock.now() >= handshake.expiresAt) return fail({ reason: 'handshake_expired' })
  if (handshake.state === 'failed')
    return fail({
      reason: 'upstream_oauth',
      step: 'callback',
      error: handshake.endReason ?? 'failed',
    })
  if (handshake.state !== 'consented') return fail({ reason: 'handshake_pending' })
  if (handshake.codeHash !== undefined && !isDeliveredCode(request, handshake))
    return fail({ reason: 'code_wrong' })
  return ok({ handshake })
}

function isDeliveredCode({ code }: TokenRequest, { codeHash }: Handshake): boolean {
  return codeHash !== undefined && matchesHash(code, codeHash)
}

/** RFC 6749 §4.1.2: a code that comes a second time was seen by somebody else, so what the first gave ends. */
async function endReused(ports: AthPorts, { grantId }: Handshake): Promise<void> {
  const grant = grantId === undefined ? undefined : await ports.grants.find(grantId)
  if (grant) await endGrantBy(ports, grant, 'gateway')
}

/** Approved ∩ consented ∩ requested, by what the service approves now: an approval taken back since counts (R83–R85). */
async function consent(
  ports: AthPorts,
  { proven, handshake }: Proven & Bound,
): Promise<Result<Consented, Failure>> {
  const now = ports.clock.now()
  const grant =
    handshake.grantId === undefined ? undefined : await ports.grants.find(handshake.grantId)
  if (!grant || grant.revokedAt !== undefined || grant.expiresAt <= now)
    return fail({ reason: 'handshake_spent' })
  if (handshake.codeHash !== undefined && now - grant.createdAt > codeLifetimeSeconds)
    return fail({ reason: 'code_expired' })
  const approved = approvedScopes(proven, handshake.providerId) ?? []
  const scopes = intersectScopes(
    approved,
    handshake.consentedScopes ?? [],
    handshake.requestedScopes,
  )
  if (scopes.effective.length > 0) return ok({ grant, scopes })
  await ports.handshakes.advance(handshake.id, 'spend', now)
  await endGrant(ports, grant)
  return fail({ reason: 'intersection_empty', approved, consented: scopes.userConsented })
}

async function mint(
  ports: AthPorts,
  { call, proven, handshake, grant, scopes }: Received & Proven & Bound & Consented,
): Promise<Result<Minted, Failure>> {
  // Before anything is spent: inside its hours and network the agent may come again.
  const may = checkMayIssue(ports, proven, [grant], call.ip)
  if (!may.ok) return may
  const now = ports.clock.now()
  // Spent first: of two exchanges at once only one comes past this line (R67, R82).
  const spent = await ports.handshakes.advance(handshake.id, 'spend', now)
  if (!spent) return fail({ reason: 'handshake_spent' })
  // Neither door outlives the other: when the service's approval runs out, so does what the user allowed (R1, R50).
  const grantExpiresAt = Math.min(
    now + (handshake.grantLifetimeSeconds ?? ports.config.grantLifetimeSeconds),
    proven.approvalExpiresAt,
  )
  if (!(await ports.grants.confirm(grant.id, grantExpiresAt)))
    return fail({ reason: 'handshake_spent' })
  return ok({ issued: await issueToken(ports, grant, scopes.effective, grantExpiresAt) })
}

function recordExchange({ reached, gathered, result }: Outcome<Told>) {
  const known = {
    client_id: gathered.agent?.clientId,
    agent_id: gathered.agent?.agentId,
    provider_id: gathered.handshake?.providerId,
    user_id: gathered.grant?.userId,
    grant_id: gathered.grant?.id,
    requested_scopes: gathered.handshake?.requestedScopes,
    effective_scopes: gathered.scopes?.effective,
    denied_scopes: gathered.handshake?.requestedScopes.filter(
      (scope) => gathered.scopes?.effective.includes(scope) !== true,
    ),
  }
  if (result.ok)
    return {
      ...known,
      event: 'access_granted' as const,
      outcome: 'allowed' as const,
      reached,
      token_ref: tokenRef(result.value.issued.token.hash),
    }
  // A poll that came before the person answered decided nothing.
  if (result.error.reason === 'handshake_pending') return undefined
  return refusalEvent(reached, result.error, 'access_denied', known)
}
