import { catalogue, type PublicCode } from './catalogue.ts'
import { fixOf } from './fix.ts'
import type { Failure } from './failure.ts'
import type { HandshakeFault } from '../nine-step/fault.ts'
import { transcriptCapability } from '../nine-step/negotiate.ts'
import { athVersion } from '../version.ts'
import { publish } from './publish.ts'
import { scopeSchema } from '../schema/text.ts'

/** The wire error: ATH's `{code, message, details}` (R111) with the members of RFC 9457 beside it. */
export interface Problem {
  readonly code: PublicCode
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly type: string
  readonly doc: string
  readonly title: string
  readonly status: number
  readonly fix: string
  readonly retryable: boolean
  /** The audit record to quote to the operator. */
  readonly instance?: string
}

export interface RenderedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Problem
}

/** The page of the error reference, in the repository; each code is an anchor on it. */
export const errorDocs = 'docs/reference/errors.md'

/** Renders a failure for HTTP. Evidence is shown only where `disclose` lists it: nothing that helps to guess. */
export function renderProblem(failure: Failure, recordId?: string): RenderedError {
  const row = catalogue[publish(failure)]
  const details = disclose(failure)
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  }
  if (row.challenge) headers['www-authenticate'] = challenge(row.oauth, row.text, failure)
  if (failure.reason === 'rate_limited')
    headers['retry-after'] = wholeSeconds(failure.retryAfterSeconds)
  if (failure.reason === 'draining') headers['retry-after'] = '1'
  if (failure.reason === 'method_unknown')
    headers['allow'] = failure.allow.filter((method) => /^[A-Z]+$/.test(method)).join(', ')
  return {
    status: row.status,
    headers,
    body: {
      code: row.code,
      message: row.text,
      ...(details ? { details } : {}),
      type: `urn:ath:error:${row.code.toLowerCase()}`,
      doc: `${errorDocs}#${row.code.toLowerCase()}`,
      title: row.text,
      status: row.status,
      fix: fixOf(failure) ?? row.fix,
      retryable: row.retryable,
      ...(recordId === undefined ? {} : { instance: recordId }),
    },
  }
}

/** RFC 9110 §10.2.3: whole seconds. At least one, so that nobody retries in a tight loop; at most a day. */
function wholeSeconds(seconds: number): string {
  return String(Math.min(86_400, Math.max(1, Math.ceil(seconds || 0))))
}

/** RFC 6750 §3; the scope list says what would have been enough. What is no scope could end the quoted string: it is left out. */
function challenge(error: string, text: string, failure: Failure): string {
  if (failure.reason === 'token_absent') return 'Bearer realm="ath"'
  const enough =
    failure.reason === 'scope_not_granted'
      ? failure.anyOf.filter((scope) => scopeSchema.safeParse(scope).success)
      : []
  const scope = enough.length > 0 ? `, scope="${enough.join(' ')}"` : ''
  return `Bearer realm="ath", error="${error}", error_description="${text}"${scope}`
}

/** What the caller may know beyond the sentence. */
function disclose(failure: Failure): Record<string, unknown> | undefined {
  switch (failure.reason) {
    case 'request_malformed':
      return { errors: failure.errors }
    case 'attestation':
      // The fault names the claim, never a key or a fetched document: an honest agent can mend it.
      return {
        reason: failure.fault.kind,
        ...(failure.fault.claim ? { claim: failure.fault.claim } : {}),
      }
    case 'body_over_limit':
    case 'headers_over_limit':
      return { reason: failure.reason, limit_bytes: failure.limitBytes }
    case 'media_type_unknown':
      return { reason: failure.reason, got: failure.got }
    case 'path_ambiguous':
      return { reason: failure.reason, fault: failure.fault }
    case 'registration_exists':
      return { client_id: failure.clientId }
    case 'agent_pending':
    case 'agent_denied':
    case 'agent_suspended':
    case 'agent_approval_expired':
      return { reason: failure.reason }
    case 'provider_not_approved':
      return { provider_id: failure.providerId }
    case 'scope_not_approved_for_agent':
      return { reason: failure.reason, scopes: failure.scopes, approved: failure.approved }
    case 'intersection_empty':
      return {
        reason: failure.reason,
        agent_approved: failure.approved,
        user_consented: failure.consented,
      }
    case 'scope_unmapped':
      return {
        reason: failure.reason,
        rule: 'no scope maps this method and path',
        method: failure.method,
        path: failure.path,
      }
    case 'scope_not_granted':
      return {
        reason: failure.reason,
        rule: `${failure.method} ${failure.path} needs one of: ${failure.anyOf.join(', ')}`,
        method: failure.method,
        path: failure.path,
        any_of: failure.anyOf,
      }
    case 'handshake_pending':
      return { reason: 'authorization_pending', interval: 2 }
    case 'agent_header_absent':
    case 'agent_header_differs':
    case 'session_over':
    case 'user_key_unknown':
      return { reason: failure.reason }
    case 'handshake_message':
      return discloseHandshake(failure.fault)
    case 'agent_did_unknown':
      // Its own, so that it can be told to the operator.
      return { reason: failure.reason, did: failure.did, thumbprint: failure.thumbprint }
    case 'confirmation_too_wide':
      return { reason: failure.reason, scopes: failure.scopes }
    case 'confirmation_too_weak':
      return { reason: failure.reason, needs: failure.needs }
    case 'restricted':
      return { reason: failure.fault.kind, rule: failure.fault.rule }
    case 'step_up_required':
    case 'step_up_pending':
      return {
        reason: failure.reason,
        step_up: {
          id: failure.stepUp.id,
          confirm_url: failure.stepUp.confirmUrl,
          expires_at: Math.floor(failure.stepUp.expiresAt),
          interval: 2,
        },
      }
    case 'rate_limited':
      return {
        reason: failure.reason,
        limit: failure.limit,
        retry_after: failure.retryAfterSeconds,
      }
    case 'upstream_unreachable':
    case 'upstream_protocol':
    case 'upstream_credential':
      return { reason: failure.reason }
    case 'upstream_timeout':
      return { reason: failure.reason, after: failure.after, limit_seconds: failure.limitSeconds }
    case 'dependency_down':
      return { reason: failure.reason, dependency: failure.dependency }
    case 'draining':
      return { reason: failure.reason }
    default:
      return undefined
  }
}

function discloseHandshake({ kind, member, nextSeq }: HandshakeFault): Record<string, unknown> {
  return {
    reason: kind,
    ...(member === undefined ? {} : { member }),
    ...(nextSeq === undefined ? {} : { next_seq: nextSeq }),
    ...(kind === 'version_unsupported' ? { supported: [athVersion] } : {}),
    ...(kind === 'bare_nonce' ? { required: transcriptCapability } : {}),
  }
}
