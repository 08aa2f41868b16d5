import {
  type ConsentId,
  type Failure,
  fail,
  ok,
  type Result,
  type UserId,
} from '@ath-protocol/types'
import { requestReference } from '../consent/consent-request.ts'
import { checkApproved } from '../endpoint/approved.ts'
import type { Received } from '../endpoint/endpoint.ts'
import { callerKey, takeLimit } from '../endpoint/limit.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'

export interface Confirming extends Received {
  /** `cns_…` as it stands in the address. */
  readonly requestId: ConsentId
}

/** A question to one person: of a nine-step handshake, by another channel than the agent's (D14), or about one request. */
export interface FoundConfirmation {
  readonly consent: ConsentRequest & { readonly userId: UserId }
  readonly agent: Registration
  /** Absent where the question is about one request: nothing goes on after the answer but that request. */
  readonly nineStep: NineStepPorts | undefined
}

/**
 * The question at an address. That of a two-phase handshake has none here: it belongs to the browser that opened the
 * agent's link. One that nobody answered in time, or whose agent the service no longer lets in, is asked no more.
 */
export async function findConfirmation(
  ports: AthPorts,
  { call, requestId }: Confirming,
): Promise<Result<FoundConfirmation, Failure>> {
  const { nineStep } = ports
  const consent = await ports.consents.find(requestId)
  const caller = callerKey(call.ip)
  const within = takeLimit(
    ports.limits,
    'confirm_user',
    consent?.userId === undefined ? `ip ${caller}` : `${consent.userId} from ${caller}`,
  )
  if (!within.ok) return within
  const kind = consent?.handshake.kind
  const isAsked = kind === 'step_up' || (kind === 'nine_step' && nineStep !== undefined)
  if (!consent || !isAsked || consent.userId === undefined)
    return fail({ reason: 'consent_unknown' })
  const agent = await ports.registry.findByClientId(consent.clientId)
  if (!agent) return fail({ reason: 'client_unknown' })
  const found = {
    consent: { ...consent, userId: consent.userId },
    agent,
    nineStep: kind === 'nine_step' ? nineStep : undefined,
  }
  if (consent.decision) return ok(found)
  const now = ports.clock.now()
  if (now >= consent.expiresAt)
    return fail({ reason: 'handshake_message', fault: { kind: 'expired' } })
  const approved = checkApproved(agent, now)
  return approved.ok ? ok(found) : approved
}

/** What every record of a question says. */
export const knownOf = ({ consent }: { readonly consent?: ConsentRequest }) => ({
  consent_id: consent && requestReference(consent.id),
  client_id: consent?.clientId,
  agent_id: consent?.agentId,
  client_did: consent?.clientDid,
  handshake_id: consent?.handshake.id,
})
