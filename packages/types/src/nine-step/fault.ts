/**
 * Exactly what is wrong with a message of the nine-step handshake. `kind` is public as `details.reason`; `evidence` is
 * for the record only.
 */
export interface HandshakeFault {
  readonly kind: // 400: cannot be understood
    | 'tls_too_old'
    | 'message_not_canonical'
    | 'version_unsupported'
    | 'algorithm_unsupported'
    | 'bare_nonce'
    | 'nonce_malformed'
    | 'did_malformed'
    | 'key_malformed'
    | 'key_share_malformed'
    | 'key_exchange_unsupported'
    | 'cipher_unsupported'
    // 401: not proven
    | 'key_not_of_did'
    | 'did_unresolved'
    | 'did_label_not_pinned'
    | 'signature_wrong'
    | 'timestamp_outside_window'
    | 'timestamp_decreasing'
    | 'nonce_replayed'
    | 'proof_missing'
    | 'proof_invalid'
    | 'attestation_key_differs'
    // 401: what the user gave does not hold
    | 'credential_malformed'
    | 'credential_signature_wrong'
    | 'credential_key_unknown'
    | 'credential_expired'
    | 'credential_not_yet_valid'
    | 'credential_lifetime_too_long'
    | 'credential_audience_differs'
    | 'credential_of_other_client'
    | 'credential_key_differs'
    | 'credential_revoked'
    | 'credential_used'
    // 409: not now
    | 'out_of_order'
    | 'confirmation_decided'
    // 408
    | 'expired'
    // 401 and 409: encrypted messages
    | 'message_not_encrypted'
    | 'message_malformed'
    | 'message_replayed'
    | 'message_target_differs'
    | 'message_undecryptable'
    | 'message_encryption_not_agreed'
  readonly member?: string
  readonly evidence?: string
  /** `message_replayed`: the lowest sequence number that is still taken. */
  readonly nextSeq?: number
}
