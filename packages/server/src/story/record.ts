import type { AuditEvent, AuditSink } from '../ports/audit.ts'
import type { Failure } from '@ath-protocol/types'
import type { ProxyCall } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

/** What is known of a call when it is over. */
export interface Told {
  readonly call: Pick<ProxyCall, 'method' | 'rawPath' | 'ip' | 'startedAt'> & {
    /** Absent when not even that could be read. */
    readonly providerId: ProxyCall['providerId'] | undefined
  }
  readonly reached: string
  readonly token: LiveToken | undefined
  /** As meant: inside an encrypted request there may be another than outside. */
  readonly method: string | undefined
  readonly path: string | undefined
  readonly scope: string | undefined
  readonly failure: Failure | undefined
  readonly upstreamStatus: number | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  /** Unix seconds. */
  readonly endedAt: number
}

export interface Recorder {
  /** False from a record that failed until one that did not. */
  readonly healthy: boolean
  /** One record per call, always. Returns its id; undefined when it could not be kept. */
  record(told: Told): string | undefined
  /** Once all that was recorded is on disk. False when that failed. */
  settled(): Promise<boolean>
}

export function createRecorder(audit: AuditSink): Recorder {
  let healthy = true
  return {
    get healthy() {
      return healthy
    },
    record(told) {
      try {
        const id = audit.record(eventOf(told))
        healthy = true
        return id
      } catch {
        healthy = false
        return undefined
      }
    },
    settled: () =>
      audit.settled().then(
        () => true,
        () => {
          healthy = false
          return false
        },
      ),
  }
}

function eventOf(told: Told): AuditEvent {
  const { call, token, failure } = told
  return {
    event: failure ? eventName(failure) : 'proxy_request',
    reached: told.reached,
    outcome: failure ? outcomeOf(failure) : 'allowed',
    agent_id: token?.agentId,
    client_id: token?.clientId,
    user_id: token?.userId,
    provider_id: call.providerId,
    grant_id: token?.grant.id,
    session_id: token?.session?.id,
    client_did: token?.clientDid,
    effective_scopes: told.scope === undefined ? undefined : [told.scope],
    denied_scopes: failure?.reason === 'scope_not_granted' ? failure.anyOf : undefined,
    denial_reason: failure?.reason,
    evidence: failure ? evidenceOf(failure) : undefined,
    method: told.method ?? call.method,
    // The normalised path where there is one: it is what was decided about.
    path: told.path ?? call.rawPath.slice(0, 2048),
    upstream_status: told.upstreamStatus,
    latency_us: Math.round((told.endedAt - call.startedAt) * 1e6),
    bytes_in: told.bytesIn,
    bytes_out: told.bytesOut,
    token_ref: token?.ref,
    ip: call.ip,
  }
}

function eventName(failure: Failure): AuditEvent['event'] {
  switch (failure.reason) {
    case 'scope_unmapped':
    case 'scope_not_granted':
      return 'scope_violation'
    case 'rate_limited':
    case 'path_ambiguous':
    case 'request_malformed':
    case 'method_unknown':
    case 'body_over_limit':
    case 'handshake_message':
    case 'route_unknown':
    case 'draining':
    case 'dependency_down':
      return 'request_refused'
    case 'upstream_unreachable':
    case 'upstream_timeout':
    case 'upstream_protocol':
    case 'upstream_credential':
    case 'caller_aborted':
    case 'bug':
      return 'proxy_request'
    default:
      return 'access_denied'
  }
}

function outcomeOf(failure: Failure): AuditEvent['outcome'] {
  return eventName(failure) === 'proxy_request' || failure.reason === 'dependency_down'
    ? 'error'
    : 'denied'
}

/** What the reason alone does not tell. Never a header's value: the agent could put a secret there. */
function evidenceOf(failure: Failure): Readonly<Record<string, unknown>> | undefined {
  switch (failure.reason) {
    case 'agent_header_differs':
      return { agent_header: failure.got.slice(0, 256) }
    case 'provider_differs':
      return { bound_provider: failure.bound }
    case 'path_ambiguous':
      return { fault: failure.fault }
    case 'rate_limited':
      return { limit: failure.limit }
    case 'restricted':
      return { restriction: failure.fault.kind, rule: failure.fault.rule }
    case 'handshake_message':
      return { fault: failure.fault.kind, evidence: failure.fault.evidence }
    case 'body_over_limit':
      return { limit_bytes: failure.limitBytes }
    case 'upstream_timeout':
      return { after: failure.after, limit_seconds: failure.limitSeconds }
    case 'upstream_unreachable':
    case 'upstream_protocol':
    case 'upstream_credential':
      return { cause: failure.cause }
    case 'dependency_down':
      return { dependency: failure.dependency, cause: failure.cause }
    case 'bug':
      return { cause: failure.cause instanceof Error ? failure.cause.message : 'unknown' }
    default:
      return undefined
  }
}
