import {
  type ClientId,
  type Failure,
  fail,
  ok,
  prefix,
  type RegistrationRequest,
  type RegistrationResponse,
  type Result,
  registrationRequestSchema,
} from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import { endpointAudiences } from '../endpoint/audience.ts'
import { canonicalProvider } from '../endpoint/canonical-provider.ts'
import { type Endpoint, type Received, refusalEvent } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import { isOwnCallback } from '../endpoint/own-callback.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { readFields } from '../endpoint/read-fields.ts'
import { endGrant } from '../grant/end-grant.ts'
import type { VerifiedAttestation } from '../ports/attestations.ts'
import type { Registration } from '../ports/registry.ts'
import { hashSecret } from '../secret/hash.ts'
import { type Outcome, story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { readBody } from '../wire/body.ts'
import { type ApprovalDecision, byNoRule, decideApproval, heldForOperator } from './approval.ts'

interface Read {
  readonly request: RegistrationRequest
}
interface Identified {
  readonly attestation: VerifiedAttestation
}
interface Authorized {
  readonly decision: ApprovalDecision
  /** The lapsed registration that this one renews. */
  readonly renewed: Registration | undefined
}
interface Minted {
  readonly registration: Registration
  readonly clientSecret: string
}
type Told = Received & Read & Identified & Authorized & Minted

/** `POST /ath/agents/register` (R40–R50). */
export const registerEndpoint: Endpoint<Received, Told> = {
  story: story<AthPorts, Received>()
    .stage('read', read)
    .stage('identify', identify)
    // After identify: whether an agent is known is told only to whoever holds its key (C13).
    .stage('authorize', authorize)
    .stage('mint', mint),
  answer: (_ports, { registration, clientSecret }) => {
    const body: RegistrationResponse = {
      client_id: registration.clientId,
      client_secret: clientSecret,
      agent_status: publicStatus(registration.status),
      approved_providers: [...registration.approvals],
      approval_expires: new Date(registration.approvalExpiresAt * 1000).toISOString(),
    }
    return jsonAnswer(201, body)
  },
  record: recordRegistration,
}

/** To agents a suspension looks like a denial: the wire knows three states (R42). */
export function publicStatus(status: Registration['status']): RegistrationResponse['agent_status'] {
  return status === 'suspended' ? 'denied' : status
}

function read(ports: AthPorts, { call }: Received): Result<Read, Failure> {
  const within = takeLimit(ports.limits, 'register_ip', callerKey(call.ip))
  if (!within.ok) return within
  const body = readBody(call)
  if (!body.ok) return body
  const request = readFields(registrationRequestSchema, body.value, [
    ['agent_attestation', 'attestation_missing'],
  ])
  if (!request.ok) return request
  const requested_providers = request.value.requested_providers.map((entry) => ({
    ...entry,
    provider_id: canonicalProvider(ports.config, entry.provider_id),
  }))
  return ok({ request: { ...request.value, requested_providers } })
}

async function identify(ports: AthPorts, { request }: Read): Promise<Result<Identified, Failure>> {
  const verified = await ports.attestations.verify(request.agent_attestation, {
    audiences: endpointAudiences(ports.config, '/ath/agents/register'),
    agentId: request.agent_id,
  })
  return verified.ok ? ok({ attestation: verified.value }) : verified
}

async function authorize(
  ports: AthPorts,
  { request, attestation }: Read & Identified,
): Promise<Result<Authorized, Failure>> {
  const within = takeLimit(ports.limits, 'register_agent', request.agent_id)
  if (!within.ok) return within
  const existing = await ports.registry.findByAgentId(request.agent_id)
  const lapsed = existing?.status === 'approved' && existing.approvalExpiresAt <= ports.clock.now()
  // Nobody has decided about it yet, and a rule that was written since does.
  const undecided = existing?.status === 'pending' && existing.decidedBy === byNoRule
  if (existing && !lapsed && !undecided)
    return fail({ reason: 'registration_exists', clientId: existing.clientId })
  const { config } = ports
  const asked = {
    agentId: request.agent_id,
    developerId: attestation.document.developer.id,
    requested: request.requested_providers.map(({ provider_id, scopes }) => ({
      providerId: provider_id,
      scopes,
    })),
  }
  const defaults = {
    unmatched: config.unmatchedAgents,
    lifetimeSeconds: config.approvalLifetimeSeconds,
    known: new Map(
      [...config.providers].map(([id, { scopes }]) => [
        id,
        new Set(scopes.map(({ name }) => name)),
      ]),
    ),
  }
  const decision = decideApproval(config.approvalRules, asked, defaults)
  if (undecided && decision.decidedBy === byNoRule)
    return fail({ reason: 'registration_exists', clientId: existing.clientId })
  // What an operator decided no rule undoes because time went by: an operator decides again.
  const mustAsk = decision.status === 'approved' && existing?.decidedBy.startsWith('operator:')
  if (!mustAsk) return ok({ decision, renewed: existing })
  const held = {
    ...decideApproval([], asked, { ...defaults, unmatched: 'hold' }),
    decidedBy: heldForOperator,
  }
  const { restrictions } = decision
  // What the rule limits it to holds whoever approves.
  return ok({
    decision: restrictions === undefined ? held : { ...held, restrictions },
    renewed: existing,
  })
}

async function mint(
  ports: AthPorts,
  { request, attestation, decision, renewed }: Read & Identified & Authorized,
): Promise<Result<Minted, Failure>> {
  const now = ports.clock.now()
  const clientId: ClientId = renewed?.clientId ?? `${prefix.client}${ports.random.token(16)}`
  const clientSecret = `${prefix.secret}${ports.random.token(32)}`
  const { name, developer } = attestation.document
  const registration: Registration = {
    clientId,
    agentId: request.agent_id,
    name,
    // What the agent's own domain publishes, not what this request says.
    developer: {
      name: developer.name,
      id: developer.id,
      ...(developer.contact === undefined ? {} : { contact: developer.contact }),
    },
    ...(request.purpose === undefined ? {} : { purpose: request.purpose }),
    ...ownedRedirects(request.redirect_uris, ports.config),
    status: decision.status,
    requested: request.requested_providers.map(({ provider_id, scopes }) => ({
      providerId: provider_id,
      scopes,
    })),
    approvals: decision.approvals,
    ...(decision.restrictions === undefined ? {} : { restrictions: decision.restrictions }),
    approvalExpiresAt: now + decision.lifetimeSeconds,
    secretHash: hashSecret(clientSecret),
    registeredAt: renewed?.registeredAt ?? now,
    decidedAt: now,
    decidedBy: decision.decidedBy,
  }
  if (renewed) {
    // What people allowed under the old approval does not come back with a new one that may be narrower.
    for (const grant of await ports.grants.list({ clientId, liveAt: now }))
      await endGrant(ports, grant)
    // Somebody may have decided since it was read, and that stands.
    if (!(await ports.registry.replace(renewed, registration)))
      return fail({ reason: 'registration_exists', clientId })
    ports.live.agentChanged(clientId)
    return ok({ registration, clientSecret })
  }
  // Two registrations at once: the store lets one in, the other learns that it came second.
  if (await ports.registry.insert(registration)) return ok({ registration, clientSecret })
  const winner = await ports.registry.findByAgentId(request.agent_id)
  return fail({ reason: 'registration_exists', clientId: winner?.clientId ?? '' })
}

/** Our own callback among the redirect URIs means "none of mine": every peer's client sends it (C7). */
function ownedRedirects(
  uris: readonly string[] | undefined,
  config: AthConfig,
): { readonly redirectUris?: readonly string[] } {
  const owned = uris?.filter((uri) => !isOwnCallback(config, uri)) ?? []
  return owned.length > 0 ? { redirectUris: owned } : {}
}

function recordRegistration({ reached, gathered, result }: Outcome<Told>) {
  // What nobody proved to have asked is not worth the room: a short body makes a long list.
  const asked = gathered.attestation ? gathered.request : undefined
  const known = {
    agent_id: gathered.request?.agent_id,
    requested_scopes: asked?.requested_providers.flatMap(({ provider_id, scopes }) =>
      scopes.map((scope) => `${provider_id}/${scope}`),
    ),
  }
  if (!result.ok) return refusalEvent(reached, result.error, 'agent_registration_denied', known)
  const { registration } = result.value
  return {
    ...known,
    event:
      registration.status === 'denied'
        ? ('agent_registration_denied' as const)
        : ('agent_registered' as const),
    outcome: registration.status === 'approved' ? ('allowed' as const) : ('denied' as const),
    reached,
    client_id: registration.clientId,
    effective_scopes: list(registration, 'approved_scopes'),
    denied_scopes: list(registration, 'denied_scopes'),
    decided_by: registration.decidedBy,
    denial_reason: registration.status === 'approved' ? undefined : `agent_${registration.status}`,
  }
}

function list(
  registration: Registration,
  which: 'approved_scopes' | 'denied_scopes',
): readonly string[] {
  return registration.approvals.flatMap((approval) =>
    approval[which].map((scope) => `${approval.provider_id}/${scope}`),
  )
}
