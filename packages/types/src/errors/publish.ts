import type { AttestationFault } from '../attestation/fault.ts'
import type { Face } from './catalogue.ts'
import type { Failure } from './failure.ts'

/** The public face of a failure. Exhaustive without a default: a new reason must be given a face here. */
export function publish(failure: Failure): Face {
  switch (failure.reason) {
    case 'request_malformed':
      return failure.face ?? 'request_invalid'
    case 'body_over_limit':
      return 'body_too_large'
    case 'headers_over_limit':
      return 'headers_too_large'
    case 'media_type_unknown':
      return 'media_type'
    case 'method_unknown':
      return 'method_not_allowed'
    case 'path_ambiguous':
      return 'path_refused'
    case 'route_unknown':
    case 'status_not_found':
      return 'not_found'
    case 'attestation':
      return publishFault(failure.fault.kind)
    case 'client_unknown':
      return 'agent_unknown'
    case 'client_secret_wrong':
    case 'credentials_absent':
      return 'client_secret_wrong'
    case 'registration_exists':
      return 'conflict'
    case 'agent_pending':
    case 'agent_denied':
    case 'agent_suspended':
    case 'agent_approval_expired':
      return 'agent_unapproved'
    case 'redirect_not_registered':
      return 'redirect_mismatch'
    case 'provider_not_approved':
      return 'provider_not_approved'
    case 'scope_not_approved_for_agent':
    case 'intersection_empty':
    case 'scope_unmapped':
    case 'scope_not_granted':
      return 'scope_not_approved'
    // A spent handshake and another client's one look unknown: neither must confirm a guess.
    case 'handshake_unknown':
    case 'handshake_spent':
    case 'handshake_of_other_client':
    case 'code_wrong':
      return 'handshake_not_found'
    case 'handshake_pending':
      return 'handshake_pending'
    case 'handshake_expired':
    case 'code_expired':
      return 'handshake_expired'
    case 'user_denied':
      return 'user_denied'
    case 'upstream_oauth':
      return 'oauth_failed'
    case 'state_unknown':
    case 'browser_not_bound':
      return 'state_mismatch'
    case 'token_absent':
      return 'token_missing'
    case 'token_malformed':
    case 'token_unknown':
      return 'token_invalid'
    case 'token_expired':
      return 'token_expired'
    case 'token_revoked':
      return 'token_revoked'
    case 'token_of_other_client':
    case 'agent_header_absent':
    case 'agent_header_differs':
      return 'agent_mismatch'
    case 'provider_differs':
      return 'provider_mismatch'
    case 'provider_unknown':
      return 'provider_not_approved'
    case 'rate_limited':
      return 'rate_limited'
    case 'upstream_unreachable':
    case 'upstream_credential':
    case 'upstream_protocol':
      return 'upstream_down'
    case 'upstream_timeout':
      return 'upstream_slow'
    case 'dependency_down':
    case 'draining':
      return 'unavailable'
    case 'caller_aborted':
    case 'bug':
      return 'internal'
  }
}

function publishFault(kind: AttestationFault['kind']): Face {
  if (kind === 'subject_differs') return 'agent_mismatch'
  return kind === 'document_unavailable' ? 'document_unreachable' : 'attestation_invalid'
}
