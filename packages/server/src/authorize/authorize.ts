import {
  type AuthorizationRequest,
  type AuthorizationResponse,
  authorizationRequestSchema,
  type Failure,
  fail,
  handshakeLifetimeSeconds,
  ok,
  prefix,
  type Result,
} from '@ath-protocol/types'
import { twoPhaseConsent } from '../consent/two-phase-consent.ts'
import { approvedScopes, checkApproved } from '../endpoint/approved.ts'
import { canonicalProvider } from '../endpoint/canonical-provider.ts'
import { endpointAudiences } from '../endpoint/audience.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import { findClient } from '../endpoint/find-client.ts'
import { takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { isOwnCallback } from '../endpoint/own-callback.ts'
import { readFields } from '../endpoint/read-fields.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import { asksHere } from './browser.ts'
import { upstreamState, upstreamUrl } from './upstream-url.ts'

interface Read {
  readonly request: AuthorizationRequest
}
interface Identified {
  readonly agent: Registration
}
interface Bound {
  /** The agent-owned place where the browser ends; absent when it ends with us. */
  readonly userRedirectUri: string | undefined
}
interface Minted {
  readonly handshake: Handshake
  readonly authorizationUrl: string
}
type Told = Received & Read & Identified & Bound & Minted

/** `POST /ath/authorize` (R55–R69). The order of the checks is C16's: peers' tests depend on it. */
export const authorizeEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('read', read)
    .stage('identify', identify)
    .stage('bind', bind)
    .stage('prove', prove)
    .stage('authorize', authorize)
    .stage('mint', mint),
  answer: (_ports, { handshake, authorizationUrl }) => {
    const body: AuthorizationResponse = {
      authorization_url: authorizationUrl,
      ath_session_id: handshake.id,
    }
    return jsonAnswer(200, body)
  },
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const known = {
      client_id: gathered.agent?.clientId,
      agent_id: gathered.agent?.agentId,
      provider_id: gathered.request?.provider_id,
      requested_scopes: gathered.request?.scopes,
    }
    return result.ok
      ? { ...known, event: 'authorization_started' as const, outcome: 'allowed' as const, reached }
      : refusalEvent(reached, result.error, 'access_denied', known)
  },
}

function read({ config }: AthPorts, { call }: Received): Result<Read, Failure> {
  const body = readBody(call)
  if (!body.ok) return body
  const request = readFields(authorizationRequestSchema, body.value, [
    ['state', 'state_missing'],
    ['client_id', 'client_missing'],
    ['agent_attestation', 'attestation_missing'],
  ])
  if (!request.ok) return request
  const provider_id = canonicalProvider(config, request.value.provider_id)
  return ok({ request: { ...request.value, provider_id } })
}

async function identify(
  ports: AthPorts,
  { call, request }: Received & Read,
): Promise<Result<Identified, Failure>> {
  const found = await findClient(ports, request.client_id, {
    what: 'authorize_client',
    ip: call.ip,
  })
  if (!found.ok) return found
  const approved = checkApproved(found.value, ports.clock.now())
  return approved.ok ? ok({ agent: found.value }) : approved
}

/** Exact match against what was registered; without registered ones nothing but our own callback is taken (R46, R47, C7). */
function bind(ports: AthPorts, { request, agent }: Read & Identified): Result<Bound, Failure> {
  const uri = request.user_redirect_uri
  if (uri === undefined || isOwnCallback(ports.config, uri))
    return ok({ userRedirectUri: undefined })
  if (agent.redirectUris?.includes(uri) !== true)
    return fail({ reason: 'redirect_not_registered', got: uri })
  return ok({ userRedirectUri: uri })
}

async function prove(
  ports: AthPorts,
  { request, agent }: Read & Identified,
): Promise<Result<object, Failure>> {
  const verified = await ports.attestations.verify(request.agent_attestation, {
    audiences: endpointAudiences(ports.config, '/ath/authorize'),
    agentId: agent.agentId,
  })
  if (!verified.ok) return verified
  const within = takeLimit(ports.limits, 'authorize_client', agent.clientId)
  return within.ok ? ok({}) : within
}

function authorize(
  ports: AthPorts,
  { request, agent }: Read & Identified,
): Result<object, Failure> {
  const providerId = request.provider_id
  const approved = approvedScopes(agent, providerId)
  if (!approved || !ports.config.providers.has(providerId))
    return fail({ reason: 'provider_not_approved', providerId })
  const outside = request.scopes.filter((scope) => !approved.includes(scope))
  if (outside.length > 0)
    return fail({ reason: 'scope_not_approved_for_agent', scopes: outside, approved })
  return ok({})
}

async function mint(
  ports: AthPorts,
  { request, agent, userRedirectUri }: Read & Identified & Bound,
): Promise<Result<Minted, Failure>> {
  const { config, random } = ports
  const now = ports.clock.now()
  const opaque = random.token(32)
  const codeVerifier = random.token(32)
  const handshake: Handshake = {
    id: `${prefix.handshake}${random.token(32)}`,
    clientId: agent.clientId,
    agentId: agent.agentId,
    providerId: request.provider_id,
    requestedScopes: [...new Set(request.scopes)],
    agentState: request.state,
    ...(userRedirectUri === undefined ? {} : { userRedirectUri }),
    ...(request.resource === undefined ? {} : { resource: request.resource }),
    opaqueHash: hashSecret(opaque),
    upstreamStateHash: hashSecret(upstreamState(codeVerifier)),
    codeVerifier,
    nonce: random.token(16),
    state: 'created',
    createdAt: now,
    expiresAt: now + handshakeLifetimeSeconds,
  }
  const provider = config.providers.get(request.provider_id)
  if (!config.browserBinding && provider?.authMode === 'oauth2') {
    const url = await upstreamUrl(ports, handshake, provider)
    if (!url.ok) return url
    await ports.handshakes.insert(handshake)
    await ports.handshakes.advance(handshake.id, 'ask', now)
    return ok({ handshake, authorizationUrl: url.value.href })
  }
  await ports.handshakes.insert(handshake)
  if (provider && ports.desk && asksHere(ports, provider))
    await ports.consents.insert(twoPhaseConsent(ports, handshake, agent))
  return ok({ handshake, authorizationUrl: ownUrl(config.baseUrl, opaque, handshake) })
}

/**
 * Our own URL, so that the browser passes through us first (R64, C19). It carries the members that peers look for
 * (R61, R69); `state` is the agent's, for the upstream's is between that browser and us.
 */
function ownUrl(baseUrl: string, opaque: string, handshake: Handshake): string {
  const url = new URL(`${baseUrl}/ath/authorize/${opaque}`)
  url.searchParams.set('response_type', 'code')
  url.searchParams.set('state', handshake.agentState)
  url.searchParams.set('code_challenge', hashSecret(handshake.codeVerifier))
  url.searchParams.set('code_challenge_method', 'S256')
  if (handshake.resource !== undefined) url.searchParams.set('resource', handshake.resource)
  return url.href
}
