import {
  type Failure,
  fail,
  ok,
  readAccessToken,
  type Result,
  type RevocationRequest,
  revocationRequestSchema,
  type UserId,
} from '@ath-protocol/types'
import { checkClientSecret } from '../endpoint/client-secret.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import { findClient } from '../endpoint/find-client.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import { endGrant } from '../grant/end-grant.ts'
import { endSession } from '../grant/end-session.ts'
import type { TokenRecord } from '../ports/grants.ts'
import type { Session } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret, tokenRef } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'

interface Read {
  readonly request: RevocationRequest
}
interface Identified {
  readonly caller: { readonly agent: Registration } | { readonly userId: UserId }
}
interface Authorized {
  /** Undefined when there is no such token: the answer is the same (R108). */
  readonly token: TokenRecord | undefined
  /** The session whose token it is: it ends whole (U9). */
  readonly session: Session | undefined
}
type Told = Received & Read & Identified & Authorized

/**
 * `POST /ath/revoke` (R103–R110, C18): an agent with its credentials, or the signed-in user, ends a token of its own.
 * A token is all that a grant has, so the grant ends with it, and the provider's tokens too. Never unauthenticated.
 */
export const revokeEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('read', read)
    .stage('identify', identify)
    .stage('authorize', authorize)
    .stage('mint', endToken),
  answer: () => jsonAnswer(200, { message: 'Token revoked' }),
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const { caller, token, session } = gathered
    const subject = token ?? session
    const known = {
      client_id: caller && 'agent' in caller ? caller.agent.clientId : subject?.clientId,
      agent_id: caller && 'agent' in caller ? caller.agent.agentId : subject?.agentId,
      user_id: subject?.userId,
      provider_id: token?.providerId,
      grant_id: token?.grantId,
      session_id: session?.id,
      decided_by: caller && 'agent' in caller ? 'agent' : 'user',
      token_ref: token ? tokenRef(token.hash) : undefined,
    }
    return result.ok
      ? { ...known, event: 'token_revoked' as const, outcome: 'allowed' as const, reached }
      : refusalEvent(reached, result.error, 'request_refused', known)
  },
}

function read(_ports: AthPorts, { call }: Received): Result<Read, Failure> {
  const body = readBody(call, ['json', 'form'])
  if (!body.ok) return body
  const request = readFields(revocationRequestSchema, body.value, [['token', 'token_absent']])
  if (!request.ok) return request
  const { client_id, client_secret } = request.value
  if (client_id !== undefined && client_secret === undefined)
    return fail({
      reason: 'request_malformed',
      errors: [{ path: 'client_secret', problem: 'an agent revokes with its client secret' }],
      face: 'client_missing',
    })
  return ok({ request: request.value })
}

async function identify(
  ports: AthPorts,
  { call, request }: Received & Read,
): Promise<Result<Identified, Failure>> {
  const { client_id, client_secret } = request
  if (client_id === undefined || client_secret === undefined) {
    const within = takeLimit(ports.limits, 'token_client', `ip ${callerKey(call.ip)}`)
    if (!within.ok) return within
    const userId = await ports.desk?.signedInUser(call)
    return userId === undefined
      ? fail({ reason: 'credentials_absent' })
      : ok({ caller: { userId } })
  }
  // Whether the client exists is not told apart from a wrong secret.
  const found = await findClient(ports, client_id, { what: 'token_client', ip: call.ip })
  if (!found.ok)
    return found.error.reason === 'client_unknown' ? fail({ reason: 'client_secret_wrong' }) : found
  const agent = found.value
  const checked = checkClientSecret(agent, client_secret, ports.clock.now())
  if (!checked.ok) return checked
  const within = takeLimit(ports.limits, 'token_client', agent.clientId)
  return within.ok ? ok({ caller: { agent } }) : within
}

async function authorize(
  ports: AthPorts,
  { request, caller }: Read & Identified,
): Promise<Result<Authorized, Failure>> {
  const session = await findSession(ports, request.token)
  const token = session ? undefined : await ports.tokens.find(hashSecret(request.token))
  const subject = session ?? token
  const own =
    !subject ||
    ('agent' in caller
      ? subject.clientId === caller.agent.clientId
      : subject.userId === caller.userId)
  return own ? ok({ token, session }) : fail({ reason: 'token_of_other_client' })
}

/** The session of an access token that we signed; an expired one still names its session. */
async function findSession(ports: AthPorts, token: string): Promise<Session | undefined> {
  const { nineStep, config } = ports
  if (!nineStep || !token.includes('.')) return undefined
  const read = await readAccessToken(token, { issuer: config.baseUrl }, nineStep.tokenKey.publicKey)
  return read.ok ? nineStep.sessions.find(read.value.sid) : undefined
}

async function endToken(
  ports: AthPorts,
  { token, session, caller }: Authorized & Identified,
): Promise<Result<object, Failure>> {
  if (session) await endSession(ports, session, 'agent' in caller ? 'agent' : 'user')
  if (!token) return ok({})
  await ports.tokens.revoke(token.hash, ports.clock.now())
  ports.live.tokenRevoked(token.hash)
  const grant = await ports.grants.find(token.grantId)
  if (grant) await endGrant(ports, grant)
  return ok({})
}
