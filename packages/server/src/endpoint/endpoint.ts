import { type Failure, renderProblem } from '@ath-protocol/types'
import type { AuditEvent, AuditEventName } from '../ports/audit.ts'
import type { Outcome, Story } from '../story/stage.ts'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import type { AthPorts } from './ports.ts'

/** What every endpoint starts from. */
export interface Received {
  readonly call: AthCall
}

/** An ATH endpoint: a short story, the answer at its end, and what is recorded of it. */
export interface Endpoint<First extends Received, Last extends First> {
  readonly story: Story<AthPorts, First, Last>
  answer(ports: AthPorts, exchange: Last): AthAnswer
  /** Undefined where nothing was decided (a poll for an answer that is not there yet). */
  record(outcome: Outcome<Last>): AuditEvent | undefined
  /** How a refusal is shown; JSON unless the endpoint faces browsers. */
  refuse?(ports: AthPorts, outcome: Outcome<Last>, failure: Failure, recordId: string): AthAnswer
}

/** Runs an endpoint and records it before the answer leaves: what cannot be recorded is not answered. */
export async function serve<First extends Received, Last extends First>(
  endpoint: Endpoint<First, Last>,
  ports: AthPorts,
  first: First,
): Promise<AthAnswer> {
  const outcome = await endpoint.story.tell(ports, first)
  const { result } = outcome
  let recordId = ''
  try {
    const event = endpoint.record(outcome)
    if (event) {
      recordId = ports.audit.record({ ip: first.call.ip, ...event })
      await ports.audit.settled()
    }
  } catch (cause) {
    return answerFailure(
      { reason: 'dependency_down', dependency: 'audit', cause: String(cause) },
      '',
    )
  }
  if (result.ok) return endpoint.answer(ports, result.value)
  if (result.error.reason === 'bug') ports.report(result.error.cause, recordId)
  return (
    endpoint.refuse?.(ports, outcome, result.error, recordId) ??
    answerFailure(result.error, recordId)
  )
}

export function answerFailure(failure: Failure, recordId: string): AthAnswer {
  const { status, headers, body } = renderProblem(failure, recordId === '' ? undefined : recordId)
  return jsonAnswer(status, body, headers)
}

/** The record of a refusal: a failed attestation has its own name, everything else the endpoint's. */
export function refusalEvent(
  reached: string,
  failure: Failure,
  name: AuditEventName,
  known: Partial<AuditEvent>,
): AuditEvent {
  const attestation = failure.reason === 'attestation' ? failure.fault : undefined
  return {
    // Nothing was given, so whatever was asked was denied (R116).
    denied_scopes: known.requested_scopes,
    ...known,
    event: attestation ? 'attestation_failed' : name,
    reached,
    outcome: failure.reason === 'bug' || failure.reason === 'dependency_down' ? 'error' : 'denied',
    denial_reason: attestation ? attestation.kind : failure.reason,
    evidence: evidenceOf(failure),
  }
}

/** What the operator sees beyond the reason. A bug's cause stays out: it may hold anything. */
function evidenceOf(failure: Failure): Record<string, unknown> | undefined {
  if (failure.reason === 'bug') return undefined
  const { reason: _, ...evidence } = failure
  return Object.keys(evidence).length > 0 ? evidence : undefined
}
