/** Exactly what is wrong with an attestation. `kind` is public as `details.reason`; `evidence` is for the record only. */
export interface AttestationFault {
  readonly kind:
    | 'not_a_jws'
    | 'header_invalid'
    | 'alg_not_es256'
    | 'typ_not_jwt'
    | 'crit_not_understood'
    | 'claim_missing'
    | 'claim_invalid'
    | 'expired'
    | 'issued_outside_window'
    | 'lifetime_too_long'
    | 'audience_differs'
    | 'issuer_differs'
    | 'subject_differs'
    | 'agent_id_invalid'
    | 'document_unavailable'
    | 'document_invalid'
    | 'document_agent_differs'
    | 'key_not_p256'
    | 'key_is_private'
    | 'key_not_found'
    | 'signature_wrong'
    | 'replayed'
  readonly claim?: string
  readonly evidence?: string
}
