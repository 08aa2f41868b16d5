import {
  type AuthorizationPending,
  canonicalWithout,
  confirmationLifetimeSeconds,
  distinctRestrictions,
  effectiveScopes,
  type Failure,
  handshakeTyp,
  ok,
  presentationPayload,
  type ProviderScope,
  qualifiedScope,
  type Result,
  type ScopeRequest,
  scopeRequestSchema,
  timestampWindowSeconds,
  verifyDetached,
} from '@ath-protocol/types'
import { newConsentId, requestReference, riskOf } from '../consent/consent-request.ts'
import { confirmationMessage } from '../consent/confirmation-message.ts'
import { missingStrength } from '../consent/decide-consent.ts'
import { checkApproved } from '../endpoint/approved.ts'
import { restrictionsOf } from '../grant/restrictions-of.ts'
import { type Endpoint, refusalEvent } from '../endpoint/endpoint.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { AuditEvent } from '../ports/audit.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { NineStepHandshake } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'
import { type Outcome, story } from '../story/stage.ts'
import { type AdmittedCredential, admitCredential } from '../user/admit-credential.ts'
import { jsonAnswer } from '../wire/answer.ts'
import { endHandshake, findHandshake, type FoundHandshake } from './find-handshake.ts'
import {
  type ReadMessage,
  readMessage,
  type ReceivedMessage,
  refused,
  refuseMessage,
} from './message.ts'
import { approvedQualified, supportedScopes } from '../settle/request-of.ts'
import { allow, deny } from '../settle/settle.ts'

/** How often a client may poll, in seconds. */
const pollInterval = 2
/** Time left to the client to finish after an answer that came in the last second. */
const finishingSeconds = 120

type Read = ReadMessage<ScopeRequest>
interface Authorized {
  readonly agent: Registration
  readonly credential: AdmittedCredential
  /** What can be approved: credential ∩ approved ∩ requested ∩ supported. */
  readonly offered: readonly ProviderScope[]
}
interface Asked {
  /** Step 8 when nobody has to be asked, else the question. */
  readonly next: { readonly result: string } | { readonly pending: AuthorizationPending }
}
type Told = ReceivedMessage & Read & FoundHandshake & Authorized & Asked

/** Step 5 (D12–D14): what the agent wants, shown with what the user gave it; then the user is asked, by a channel that is not the agent's. */
export const requestScopesEndpoint: Endpoint<ReceivedMessage, Told> = {
  story: story<AthPorts, ReceivedMessage>()
    .stage('read', readMessage(scopeRequestSchema))
    .stage('bind', (ports, { message, nineStep }) => findHandshake(ports, nineStep, message, 'ask'))
    .stage('prove', prove)
    .stage('authorize', authorize)
    .stage('consent', ask),
  answer: (_ports, { next }) =>
    'result' in next
      ? { ...jsonAnswer(200, {}), body: next.result }
      : jsonAnswer(202, next.pending),
  record: ({ reached, gathered, result }: Outcome<Told>) => {
    const known = {
      client_did: gathered.handshake?.clientDid,
      handshake_id: gathered.handshake?.id,
      agent_id: gathered.handshake?.agentId,
      client_id: gathered.handshake?.clientId,
      user_id: gathered.credential?.userId,
      requested_scopes: gathered.message?.scopes,
    }
    if (!result.ok) return refusalEvent(reached, result.error, 'access_denied', known)
    return 'result' in result.value.next
      ? { ...known, ...unasked(result.value), reached }
      : { ...known, event: 'authorization_started', outcome: 'allowed', reached }
  },
  refuse: refuseMessage,
}

/** What is recorded where nobody was asked: nothing could be given (U14), or the credential stood for the person (D13). */
function unasked({
  message,
  offered,
  credential,
}: Told): Pick<AuditEvent, 'event' | 'outcome'> & Partial<AuditEvent> {
  if (offered.length === 0)
    return {
      event: 'access_denied',
      outcome: 'denied',
      denied_scopes: message.scopes,
      denial_reason: 'intersection_empty',
    }
  return {
    event: 'consent_given',
    outcome: 'allowed',
    effective_scopes: offered.map(qualifiedScope),
    auth_method: 'key',
    decided_by: 'user',
    evidence: { credential_id: credential.authorization.id },
  }
}

async function prove(
  ports: AthPorts,
  { message, nineStep, handshake, clientKey }: Read & FoundHandshake,
): Promise<Result<object, Failure>> {
  const { m1 = '', m2 = '' } = handshake.transcript
  const { credential, signature } = message.user_authorization
  const request = canonicalWithout(message, 'user_authorization')
  const payload = await presentationPayload(m1, m2, credential, request)
  const verified = await verifyDetached(signature, handshakeTyp, payload, clientKey)
  return verified.ok
    ? ok({})
    : endHandshake(
        ports,
        nineStep,
        handshake,
        refused('signature_wrong', {
          member: 'user_authorization.signature',
          evidence: verified.error,
        }),
      )
}

async function authorize(
  ports: AthPorts,
  { message, nineStep, handshake }: Read & FoundHandshake,
): Promise<Result<Authorized, Failure>> {
  const result = await authorizeRequest(ports, message, handshake)
  return endHandshake(ports, nineStep, handshake, result)
}

async function authorizeRequest(
  ports: AthPorts,
  message: ScopeRequest,
  { clientId, clientDid, thumbprint }: NineStepHandshake,
): Promise<Result<Authorized, Failure>> {
  const agent = await ports.registry.findByClientId(clientId ?? '')
  if (!agent) return { ok: false, error: { reason: 'client_unknown' } }
  const approved = checkApproved(agent, ports.clock.now())
  if (!approved.ok) return approved
  const credential = await admitCredential(ports, message.user_authorization.credential, {
    clientDid,
    clientThumbprint: thumbprint,
  })
  if (!credential.ok) return credential
  const supported = supportedScopes(ports.config)
  const allowed = new Set(credential.value.authorization.scopes)
  const { granted } = effectiveScopes({
    requested: message.scopes,
    supported: new Set(supported.keys()),
    approved: approvedQualified(ports.config, agent),
    credential: allowed,
    confirmed: allowed,
  })
  const offered = granted.map((scope) => supported.get(scope) as ProviderScope)
  return ok({ agent, credential: credential.value, offered })
}

async function ask(
  ports: AthPorts,
  exchange: Read & FoundHandshake & Authorized,
): Promise<Result<Asked, Failure>> {
  const { message, canonical, nineStep, handshake, credential, offered, agent } = exchange
  const now = ports.clock.now()
  const { userId, authorization } = credential
  const longestSeconds = Math.floor(
    Math.min(
      message.ttl,
      ports.config.nineStep?.sessionLifetimeSeconds ?? 0,
      agent.approvalExpiresAt - now,
      // Minutes pass between the person's yes and this: within what clocks may differ they do not count.
      authorization.expiresAt + timestampWindowSeconds - now,
      // Nor do they make more of an hour than the hour that the person gave, up to the minute.
      Math.ceil((authorization.expiresAt - authorization.createdAt) / 60) * 60,
    ),
  )
  const consent = question(ports, exchange, longestSeconds)
  const changes = {
    userId,
    credentialId: authorization.id,
    lastTimestamp: message.timestamp,
    transcript: { m5: canonical },
  }
  // What comes next reads what this message said; the event that follows writes it down too.
  const known = { ...handshake, ...changes, transcript: { ...handshake.transcript, m5: canonical } }
  if (offered.length === 0) {
    const denied = await deny(ports, known, changes)
    return denied.ok ? ok({ next: { result: denied.value.transcript.m8 ?? '' } }) : denied
  }
  if (isCovered(ports, exchange, consent)) {
    const allowed = await allow(
      ports,
      known,
      { userId, scopes: offered, lifetimeSeconds: longestSeconds },
      changes,
    )
    return allowed.ok ? ok({ next: { result: allowed.value.transcript.m8 ?? '' } }) : allowed
  }
  const asking = await nineStep.handshakes.advance(handshake.id, 'ask', now, {
    ...changes,
    consentId: consent.id,
    expiresAt: Math.max(handshake.expiresAt, consent.expiresAt + finishingSeconds),
  })
  if (!asking) return endHandshake(ports, nineStep, handshake, refused('out_of_order'))
  await ports.consents.insert(consent)
  // The answer does not wait for a chat's server: the question stands, and the person's page shows it.
  void nineStep.notifier.ask(consent)
  return ok({
    next: {
      pending: {
        type: 'authorization_pending',
        handshake_id: handshake.id,
        request_id: requestReference(consent.id),
        interval: pollInterval,
        expires_at: Math.floor(consent.expiresAt),
      },
    },
  })
}

function question(
  ports: AthPorts,
  { message, handshake, agent, credential, offered }: Read & FoundHandshake & Authorized,
  longestSeconds: number,
): ConsentRequest {
  const now = ports.clock.now()
  const supported = supportedScopes(ports.config)
  const consent: ConsentRequest = {
    id: newConsentId(ports),
    handshake: { kind: 'nine_step', id: handshake.id },
    clientId: agent.clientId,
    agentId: agent.agentId,
    clientDid: handshake.clientDid,
    userId: credential.userId,
    requested: [...new Set(message.scopes)].flatMap((scope) => supported.get(scope) ?? []),
    offered,
    words: message.context,
    risk: riskOf(ports.config, offered),
    restrictions: distinctRestrictions(
      restrictionsOf(
        ports.config,
        agent,
        offered.map(({ providerId }) => providerId),
      ),
    ),
    longestSeconds,
    createdAt: now,
    expiresAt: now + confirmationLifetimeSeconds,
  }
  return { ...consent, message: confirmationMessage(consent, agent) }
}

/** Whether the policy lets a credential stand for the person: signed with their own key, for all of it, and nothing risky or that a provider asks itself. */
function isCovered(
  ports: AthPorts,
  { message, credential, offered }: Read & Authorized,
  { risk }: ConsentRequest,
): boolean {
  if (ports.config.nineStep?.confirmation !== 'unless_covered') return false
  const whole = new Set(message.scopes).size === offered.length
  const lasts = credential.authorization.expiresAt >= ports.clock.now() + message.ttl
  // A credential is a yes by key, so it can do no more than an answer by key could.
  const isEnough = missingStrength(ports.config, { risk, offered }, 'key') === undefined
  const isOwn = credential.madeBy === 'user' && credential.isForUs
  return isOwn && whole && lasts && risk !== 'high' && isEnough
}
