import type { AttestationFault } from '../attestation/fault.ts'
import type { HandshakeFault } from '../nine-step/fault.ts'
import type { RestrictionFault } from '../restriction/check.ts'

/** One field of a request body that is not as the wire schema says. */
export interface FieldError {
  /** JSON path, e.g. `requested_providers[0].scopes`. */
  readonly path: string
  readonly problem: string
}

/**
 * Why something was refused, precisely and privately. `publish` decides what the caller may know; the audit record
 * keeps all of it. A new reason does not compile until `publish` gives it a face.
 */
export type Failure =
  | {
      readonly reason: 'request_malformed'
      readonly errors: readonly FieldError[]
      readonly face?:
        | 'request_invalid'
        | 'attestation_missing'
        | 'client_missing'
        | 'state_missing'
        | 'token_absent'
    }
  | { readonly reason: 'body_over_limit'; readonly limitBytes: number }
  | { readonly reason: 'headers_over_limit'; readonly limitBytes: number }
  | { readonly reason: 'media_type_unknown'; readonly got: string }
  | { readonly reason: 'method_unknown'; readonly allow: readonly string[] }
  | { readonly reason: 'path_ambiguous'; readonly fault: string }
  | { readonly reason: 'route_unknown' }
  | { readonly reason: 'attestation'; readonly fault: AttestationFault }
  | { readonly reason: 'client_unknown' }
  | { readonly reason: 'client_secret_wrong' }
  | { readonly reason: 'registration_exists'; readonly clientId: string }
  | {
      readonly reason:
        | 'agent_pending'
        | 'agent_denied'
        | 'agent_suspended'
        | 'agent_approval_expired'
    }
  | { readonly reason: 'redirect_not_registered'; readonly got: string }
  | { readonly reason: 'provider_not_approved'; readonly providerId: string }
  | {
      readonly reason: 'scope_not_approved_for_agent'
      readonly scopes: readonly string[]
      readonly approved: readonly string[]
    }
  | {
      readonly reason: 'intersection_empty'
      readonly approved: readonly string[]
      readonly consented: readonly string[]
    }
  | {
      readonly reason:
        | 'handshake_unknown'
        | 'handshake_pending'
        | 'handshake_expired'
        | 'handshake_spent'
        | 'handshake_of_other_client'
    }
  | { readonly reason: 'code_wrong' | 'code_expired' }
  /** A message of the nine-step handshake, or what stands in it. */
  | { readonly reason: 'handshake_message'; readonly fault: HandshakeFault }
  | { readonly reason: 'nine_step_unknown' | 'session_unknown' | 'session_over' }
  | { readonly reason: 'agent_did_unknown'; readonly did: string; readonly thumbprint: string }
  | { readonly reason: 'consent_unknown' | 'consent_of_other_user' }
  | { readonly reason: 'confirmation_too_wide'; readonly scopes: readonly string[] }
  /** The risk of what was asked needs more proof than this way of answering gives. */
  | { readonly reason: 'confirmation_too_weak'; readonly needs: 'passkey' | 'page' }
  | { readonly reason: 'user_key_unknown' }
  | { readonly reason: 'restricted'; readonly fault: RestrictionFault }
  | { readonly reason: 'user_denied' }
  | { readonly reason: 'upstream_oauth'; readonly step: string; readonly error: string }
  | { readonly reason: 'state_unknown' | 'browser_not_bound' }
  | { readonly reason: 'credentials_absent' }
  | { readonly reason: 'status_not_found' }
  | {
      readonly reason:
        | 'token_absent'
        | 'token_malformed'
        | 'token_unknown'
        | 'token_expired'
        | 'token_revoked'
    }
  | { readonly reason: 'token_of_other_client' }
  | { readonly reason: 'agent_header_absent' }
  | { readonly reason: 'agent_header_differs'; readonly got: string }
  | { readonly reason: 'provider_differs'; readonly got: string; readonly bound: string }
  | { readonly reason: 'provider_unknown'; readonly got: string }
  | { readonly reason: 'scope_unmapped'; readonly method: string; readonly path: string }
  | {
      readonly reason: 'scope_not_granted'
      readonly method: string
      readonly path: string
      readonly anyOf: readonly string[]
    }
  /** The person has to confirm this very request, or has not answered yet (RFC 9470). */
  | {
      readonly reason: 'step_up_required' | 'step_up_pending'
      readonly stepUp: {
        readonly id: string
        readonly confirmUrl: string
        /** Unix seconds. */
        readonly expiresAt: number
      }
    }
  | { readonly reason: 'rate_limited'; readonly limit: string; readonly retryAfterSeconds: number }
  | { readonly reason: 'upstream_unreachable'; readonly cause: string }
  | {
      readonly reason: 'upstream_timeout'
      readonly after: 'connect' | 'headers' | 'body'
      readonly limitSeconds: number
    }
  | { readonly reason: 'upstream_credential'; readonly cause: string }
  | { readonly reason: 'upstream_protocol'; readonly cause: string }
  | { readonly reason: 'caller_aborted' }
  | { readonly reason: 'dependency_down'; readonly dependency: string; readonly cause: string }
  | { readonly reason: 'draining' }
  | { readonly reason: 'bug'; readonly cause: unknown }

export type Reason = Failure['reason']
