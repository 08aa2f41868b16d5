import {
  type Failure,
  fail,
  intersectScopes,
  ok,
  type Result,
  type ScopeIntersection,
  type TokenRenewalRequest,
  tokenRenewalRequestSchema,
} from '@ath-protocol/types'
import { approvedScopes } from '../endpoint/approved.ts'
import { ownAudiences } from '../endpoint/audience.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import type { Grant } from '../ports/grants.ts'
import { checkMayIssue } from '../restriction/check-restrictions.ts'
import { hashSecret, tokenRef } from '../secret/hash.ts'
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

interface Read {
  readonly request: TokenRenewalRequest
}
interface Bound {
  readonly grant: Grant
}
interface Consented {
  readonly scopes: ScopeIntersection
}
interface Minted {
  readonly issued: Issued
}
type Told = Received & Read & Identified & Proven & Bound & Consented & Minted

const path = '/ath/token/renew'

/**
 * `POST /ath/token/renew` (extension, ADR 14): tokens are short, what the user allowed may be longer. An agent that
 * shows its last token, its secret and its key gets a fresh token of the same grant, never with more than the user
 * consented to and the service approves now, and never beyond the grant's end.
 */
export const renewEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('read', read)
    .stage('identify', identifyCaller)
    .stage('prove', (ports, exchange) =>
      proveCaller(ports, ownAudiences(ports.config, path), exchange),
    )
    .stage('bind', bind)
    .stage('consent', consent)
    .stage('mint', mint),
  answer: (_ports, { issued, scopes }) => answerToken(issued, scopes),
  record: recordRenewal,
}

function read(_ports: AthPorts, { call }: Received): Result<Read, Failure> {
  const body = readBody(call, ['json', 'form'])
  if (!body.ok) return body
  const request = readFields(tokenRenewalRequestSchema, body.value, [
    ...missingCallerFields,
    ['token', 'token_absent'],
  ])
  return request.ok ? ok({ request: request.value }) : request
}

/** The token may have run out, but not been revoked, and its grant must live. */
async function bind(
  ports: AthPorts,
  { request, agent }: Read & Identified,
): Promise<Result<Bound, Failure>> {
  const token = await ports.tokens.find(hashSecret(request.token))
  if (!token) return fail({ reason: 'token_unknown' })
  if (token.clientId !== agent.clientId) return fail({ reason: 'token_of_other_client' })
  const grant = await ports.grants.find(token.grantId)
  if (!grant || token.revokedAt !== undefined || grant.revokedAt !== undefined)
    return fail({ reason: 'token_revoked' })
  return ports.clock.now() < grant.expiresAt ? ok({ grant }) : fail({ reason: 'token_expired' })
}

function consent(_ports: AthPorts, { proven, grant }: Proven & Bound): Result<Consented, Failure> {
  const approved = approvedScopes(proven, grant.providerId) ?? []
  const scopes = intersectScopes(approved, grant.scopes, grant.scopes)
  return scopes.effective.length > 0
    ? ok({ scopes })
    : fail({ reason: 'intersection_empty', approved, consented: scopes.userConsented })
}

async function mint(
  ports: AthPorts,
  { call, proven, grant, scopes }: Received & Proven & Bound & Consented,
): Promise<Result<Minted, Failure>> {
  const may = checkMayIssue(ports, proven, [grant], call.ip)
  if (!may.ok) return may
  const issued = await issueToken(ports, grant, scopes.effective, grant.expiresAt)
  // Somebody may have ended the grant meanwhile: its tokens were revoked before this one was there.
  const now = await ports.grants.find(grant.id)
  if (now?.revokedAt === undefined) return ok({ issued })
  await ports.tokens.revoke(issued.token.hash, ports.clock.now())
  return fail({ reason: 'token_revoked' })
}

function recordRenewal({ reached, gathered, result }: Outcome<Told>) {
  const known = {
    client_id: gathered.agent?.clientId,
    agent_id: gathered.agent?.agentId,
    provider_id: gathered.grant?.providerId,
    user_id: gathered.grant?.userId,
    grant_id: gathered.grant?.id,
    requested_scopes: gathered.grant?.scopes,
    effective_scopes: gathered.scopes?.effective,
  }
  if (!result.ok) return refusalEvent(reached, result.error, 'access_denied', known)
  return {
    ...known,
    event: 'access_granted' as const,
    outcome: 'allowed' as const,
    reached,
    evidence: { renewed: true },
    token_ref: tokenRef(result.value.issued.token.hash),
  }
}
