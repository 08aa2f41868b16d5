/**
 * Why a client does not believe a server's message of the nine-step handshake (D8, D9). Each is a reason to trust this
 * server no further; none is cured by asking again.
 */
export type AnswerFault =
  | 'handshake_id_differs'
  | 'timestamp_outside_window'
  | 'timestamp_decreasing'
  // Step 2
  | 'server_did_differs'
  | 'server_key_differs'
  | 'server_key_malformed'
  | 'server_did_unproven'
  | 'server_signature_wrong'
  | 'version_not_offered'
  | 'capability_not_offered'
  | 'capability_missing'
  | 'encryption_not_agreed'
  // Step 4
  | 'identity_not_accepted'
  // Step 8
  | 'scope_not_requested'
  | 'lifetime_not_requested'
  // Step 9
  | 'key_exchange_differs'
  | 'key_share_malformed'
  | 'token_malformed'
  | 'token_not_ours'
  | 'token_signature_wrong'
  | 'token_key_differs'
  | 'token_session_differs'
  | 'token_scope_not_granted'
  | 'token_lifetime_wrong'
