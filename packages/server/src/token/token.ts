import {
  type Failure,
  fail,
  intersectScopes,
  ok,
  prefix,
  type Result,
  type ScopeIntersection,
  type TokenRequest,
  type TokenResponse,
  tokenRequestSchema,
} from '@ath-protocol/types'
import { approvedScopes, checkApproved } from '../endpoint/approved.ts'
import { tokenAudiences } from '../endpoint/audience.ts'
import { checkClientSecret } from '../endpoint/client-secret.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import { findClient } from '../endpoint/find-client.ts'
import { takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import { endGrant } from '../grant/end-grant.ts'
import { endGrantBy } from '../grant/end-grant-by.ts'
import type { Grant, TokenRecord } from '../ports/grants.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret, matchesHash } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'

/** A code went through a browser, so it is good for its way back only (RFC 9700 §4.5). */
const codeLifetimeSeconds = 60

interface Read {
  readonly request: TokenRequest
}
interface Identified {
  readonly agent: Registration
}
interface Proven {
  /** The agent as it is after its attestation: it decides itself how long its document takes to come. */
  readonly proven: Registration
}
interface Bound {
  readonly handshake: Handshake
}
interface Consented {
  readonly grant: Grant
  readonly scopes: ScopeIntersection
}
interface Minted {
  readonly accessToken: string
  readonly token: TokenRecord
}
type Told = Received & Read & Identified & Proven & Bound & Consented & Minted

/** `POST /ath/token` (R78–R90): one token for one handshake. Checks in C16's order. */
export const tokenEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('read', read)
    .stage('identify', identify)
    .stage('prove', prove)
    .stage('bind', bind)
    .stage('consent', consent)
    .stage('mint', mint),
  answer: (_ports, { accessToken, token, scopes }) => {
    const body: TokenResponse = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: Math.floor(token.expiresAt - token.issuedAt),
      effective_scopes: [...scopes.effective],
      provider_id: token.providerId,
      agent_id: token.agentId,
      scope_intersection: {
        agent_approved: [...scopes.agentApproved],
        user_consented: [...scopes.userConsented],
        effective: [...scopes.effective],
      },
    }
    return jsonAnswer(200, body)
  },
  record: recordExchange,
}

function read(_ports: AthPorts, { call }: Received): Result<Read, Failure> {
  const body = readBody(call, ['json', 'form'])
  if (!body.ok) return body
  const request = readFields(tokenRequestSchema, body.value, [
    ['client_id', 'client_missing'],
    ['client_secret', 'client_missing'],
    ['agent_attestation', 'attestation_missing'],
  ])
  return request.ok ? ok({ request: request.value }) : request
}

async function identify(
  ports: AthPorts,
  { call, request }: Received & Read,
): Promise<Result<Identified, Failure>> {
  const found = await findClient(ports, request.client_id, { what: 'token_client', ip: call.ip })
  if (!found.ok) return found
  const checked = checkClientSecret(found.value, request.client_secret, ports.clock.now())
  if (!checked.ok) return checked
  const within = takeLimit(ports.limits, 'token_client', found.value.clientId)
  return within.ok ? ok({ agent: found.value }) : within
}

/** A fresh attestation, made for this endpoint: the secret alone is not the agent (R37, R39, R80). */
async function prove(
  ports: AthPorts,
  { request, agent }: Read & Identified,
): Promise<Result<Proven, Failure>> {
  const verified = await ports.attestations.verify(request.agent_attestation, {
    audiences: tokenAudiences(ports.config),
    agentId: agent.agentId,
  })
  if (!verified.ok) return verified
  const proven = await ports.registry.findByClientId(agent.clientId)
  if (!proven) return fail({ reason: 'client_unknown' })
  const approved = checkApproved(proven, ports.clock.now())
  return approved.ok ? ok({ proven }) : approved
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
  { proven, handshake, grant, scopes }: Proven & Bound & Consented,
): Promise<Result<Minted, Failure>> {
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
  const accessToken = `${prefix.token}${ports.random.token(32)}`
  const token: TokenRecord = {
    hash: hashSecret(accessToken),
    grantId: grant.id,
    clientId: proven.clientId,
    agentId: proven.agentId,
    userId: grant.userId,
    providerId: grant.providerId,
    scopes: scopes.effective,
    issuedAt: now,
    expiresAt: Math.min(now + ports.config.tokenLifetimeSeconds, grantExpiresAt),
  }
  await ports.tokens.insert(token)
  return ok({ accessToken, token })
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
      token_ref: tokenRef(result.value.token.hash),
    }
  // A poll that came before the person answered decided nothing.
  if (result.error.reason === 'handshake_pending') return undefined
  return refusalEvent(reached, result.error, 'access_denied', known)
}

/** Enough of the hash to find a token's records, too little to be the token. */
export function tokenRef(hash: string): string {
  return Buffer.from(hash, 'base64url').subarray(0, 8).toString('hex')
}
