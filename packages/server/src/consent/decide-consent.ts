import {
  type Failure,
  fail,
  ok,
  type ProviderScope,
  qualifiedScope,
  type Result,
  type UserId,
} from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import { settleNineStep } from '../settle/settle.ts'
import type { ConsentDecided, ConsentRequest } from '../ports/consents.ts'
import { isAtLeast, requestReference, riskOf } from './consent-request.ts'

/** A person's answer, before it is known whether it counts. `ip`: from where, for the record. */
export type ConsentAnswer = Omit<ConsentDecided, 'decidedAt'> & { readonly ip?: string }

/**
 * Takes a person's answer, from whatever channel: theirs, within what was offered, strong enough for the risk, in time,
 * and the first. Records it and lets a nine-step handshake go on. An answer that comes second fails with
 * `confirmation_decided` and changes nothing.
 */
export async function decideConsent(
  ports: AthPorts,
  consent: ConsentRequest,
  answer: ConsentAnswer,
): Promise<Result<ConsentRequest, Failure>> {
  const now = ports.clock.now()
  const allowed = checkAnswer(ports.config, consent, answer, now)
  const { ip: _, ...decision } = answer
  const decided = allowed.ok
    ? await ports.consents.decide(consent.id, { ...decision, decidedAt: now })
    : undefined
  const result = decided
    ? ok(decided)
    : allowed.ok
      ? fail<Failure>({ reason: 'handshake_message', fault: { kind: 'confirmation_decided' } })
      : allowed
  record(ports, consent, answer, result)
  await ports.audit.settled()
  if (!decided) return result
  if (decided.handshake.kind === 'nine_step') await settleNineStep(ports, decided)
  await ports.nineStep?.notifier.settled(decided)
  return result
}

/** Whether somebody answered before: the first answer stands. */
export const wasDecided = (failure: Failure): boolean =>
  failure.reason === 'handshake_message' && failure.fault.kind === 'confirmation_decided'

/** Whether a story that failed in its stage `consent` failed by an answer that `decideConsent` has recorded. */
export const isRecordedAnswer = (reached: string, { reason }: Failure): boolean =>
  reached === 'consent' && reason !== 'bug' && reason !== 'dependency_down'

function checkAnswer(
  config: AthConfig,
  consent: ConsentRequest,
  answer: ConsentAnswer,
  now: number,
): Result<void, Failure> {
  if (consent.userId !== undefined && consent.userId !== answer.userId)
    return fail({ reason: 'consent_of_other_user' })
  if (consent.decision)
    return fail({ reason: 'handshake_message', fault: { kind: 'confirmation_decided' } })
  if (now >= consent.expiresAt)
    return fail({ reason: 'handshake_message', fault: { kind: 'expired' } })
  // No is no, however it was said.
  if (!answer.approved) return ok(undefined)
  const offered = new Set(consent.offered.map(qualifiedScope))
  const wider = answer.scopes.map(qualifiedScope).filter((scope) => !offered.has(scope))
  if (wider.length > 0 || answer.lifetimeSeconds > consent.longestSeconds)
    return fail({ reason: 'confirmation_too_wide', scopes: wider })
  if (answer.scopes.length === 0)
    return fail({
      reason: 'request_malformed',
      errors: [{ path: 'approved_scopes', problem: 'an approval names at least one scope' }],
    })
  const needs = missingStrength(config, approvalOf(config, answer.scopes), answer.method)
  return needs ? fail({ reason: 'confirmation_too_weak', needs }) : ok(undefined)
}

/** What an approval of these scopes would be, for `missingStrength`: what was left out is no risk any more. */
export const approvalOf = (
  config: Pick<AthConfig, 'providers'>,
  scopes: ConsentRequest['offered'],
): Pick<ConsentRequest, 'risk' | 'offered'> => ({ risk: riskOf(config, scopes), offered: scopes })

/**
 * What an approval by this method lacks, if anything. A chat's button proves little and can lead nowhere, so it decides
 * only what is of low risk and needs no provider's own page; a key in a file is one factor (D19).
 */
export function missingStrength(
  config: Pick<AthConfig, 'providers' | 'passkeyFrom'>,
  consent: Pick<ConsentRequest, 'risk' | 'offered'>,
  method: ConsentDecided['method'],
): 'passkey' | 'page' | undefined {
  const passkeyFrom = config.passkeyFrom ?? 'high'
  if (method !== 'passkey' && passkeyFrom !== 'never' && isAtLeast(consent.risk, passkeyFrom))
    return 'passkey'
  if (method === 'session' || method === 'passkey') return undefined
  const ownPages = consent.offered.some(
    ({ providerId }) => config.providers.get(providerId)?.authMode === 'oauth2',
  )
  if (ownPages) return 'page'
  return method !== 'key' && consent.risk !== 'low' ? 'page' : undefined
}

function record(
  ports: AthPorts,
  consent: ConsentRequest,
  answer: ConsentAnswer,
  result: Result<ConsentRequest, Failure>,
): void {
  const approved = result.ok && answer.approved
  const given: { readonly userId: UserId } = answer
  // In the two-phase handshake the provider stands beside its scopes.
  const twoPhase = consent.handshake.kind === 'two_phase'
  const nameOf = (scope: ProviderScope) => (twoPhase ? scope.name : qualifiedScope(scope))
  const requested = consent.requested.map(nameOf)
  const chosen = answer.scopes.map(nameOf)
  ports.audit.record({
    event: approved ? 'consent_given' : result.ok ? 'consent_denied' : 'request_refused',
    reached: 'consent',
    outcome: approved ? 'allowed' : 'denied',
    client_id: consent.clientId,
    agent_id: consent.agentId,
    client_did: consent.clientDid,
    user_id: given.userId,
    provider_id: twoPhase ? consent.requested[0]?.providerId : undefined,
    handshake_id: consent.handshake.id,
    consent_id: requestReference(consent.id),
    requested_scopes: requested,
    effective_scopes: approved ? chosen : undefined,
    denied_scopes: requested.filter((scope) => !approved || !chosen.includes(scope)),
    denial_reason: result.ok ? (approved ? undefined : 'user_denied') : reasonOf(result.error),
    auth_method: answer.method,
    decided_by: 'user',
    ip: answer.ip,
    evidence: answer.message === undefined ? undefined : { message: answer.message },
  })
}

const reasonOf = (failure: Failure): string =>
  failure.reason === 'handshake_message' ? failure.fault.kind : failure.reason
