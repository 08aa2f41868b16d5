import type { AttestationFault } from '../attestation/fault.ts'
import type { Face } from './catalogue.ts'
import type { HandshakeFault } from '../nine-step/fault.ts'
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
    case 'handshake_message':
      return publishHandshake(failure.fault.kind)
    case 'nine_step_unknown':
    case 'session_unknown':
      return 'handshake_gone'
    case 'session_over':
      return 'session_over'
    case 'agent_did_unknown':
      return 'did_unknown'
    case 'consent_unknown':
      return 'confirmation_gone'
    case 'consent_of_other_user':
      return 'confirmation_forbidden'
    case 'confirmation_too_wide':
      return 'scope_not_approved'
    case 'confirmation_too_weak':
      return 'confirmation_weak'
    case 'user_key_unknown':
      return 'user_key_unknown'
    case 'restricted':
      return 'restricted'
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
    case 'step_up_required':
    case 'step_up_pending':
      return 'step_up'
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

function publishHandshake(kind: HandshakeFault['kind']): Face {
  switch (kind) {
    case 'version_unsupported':
      return 'handshake_version'
    case 'tls_too_old':
    case 'message_not_canonical':
    case 'algorithm_unsupported':
    case 'bare_nonce':
    case 'nonce_malformed':
    case 'did_malformed':
    case 'key_malformed':
    case 'key_share_malformed':
    case 'key_exchange_unsupported':
    case 'cipher_unsupported':
    case 'message_malformed':
    case 'message_encryption_not_agreed':
      return 'handshake_message'
    case 'did_unresolved':
    case 'key_not_of_did':
    case 'signature_wrong':
    case 'timestamp_outside_window':
    case 'timestamp_decreasing':
    case 'nonce_replayed':
    case 'proof_missing':
    case 'proof_invalid':
    case 'attestation_key_differs':
      return 'handshake_proof'
    case 'did_label_not_pinned':
      return 'did_unknown'
    case 'credential_malformed':
    case 'credential_signature_wrong':
    case 'credential_key_unknown':
    case 'credential_expired':
    case 'credential_not_yet_valid':
    case 'credential_lifetime_too_long':
    case 'credential_audience_differs':
    case 'credential_of_other_client':
    case 'credential_key_differs':
    case 'credential_revoked':
    case 'credential_used':
      return 'credential_invalid'
    case 'out_of_order':
      return 'handshake_order'
    case 'confirmation_decided':
      return 'confirmation_decided'
    case 'expired':
      return 'handshake_over'
    case 'message_replayed':
      return 'message_replayed'
    case 'message_not_encrypted':
    case 'message_target_differs':
    case 'message_undecryptable':
      return 'message_unproven'
  }
}
