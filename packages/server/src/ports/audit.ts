/** The spec's nine event names (R117) and ours. */
export type AuditEventName =
  | 'agent_registered'
  | 'agent_registration_denied'
  | 'attestation_failed'
  | 'authorization_started'
  | 'access_granted'
  | 'access_denied'
  | 'token_revoked'
  | 'proxy_request'
  | 'scope_violation'
  // ours
  | 'agent_decided'
  | 'agent_suspended'
  | 'secret_rotated'
  | 'consent_given'
  | 'consent_denied'
  | 'user_signed_in'
  | 'user_sign_in_failed'
  | 'user_signed_out'
  | 'upstream_token_refreshed'
  | 'upstream_token_revoked'
  | 'request_refused'
  | 'handshake_started'
  | 'identity_proven'
  | 'confirmation_requested'
  | 'confirmation_undelivered'
  | 'session_opened'
  | 'session_ended'
  | 'token_refreshed'
  | 'user_key_added'
  | 'user_key_removed'
  | 'credential_issued'
  | 'credential_revoked'
  | 'gateway_started'
  | 'gateway_stopped'
  | 'audit_recovered'
  | 'alert_raised'

/** One decision. Wire names, since records are read by machines (R116). Never holds a secret, a token or the user's text. */
export interface AuditEvent {
  readonly event: AuditEventName
  /** The stage that decided. */
  readonly reached?: string
  readonly outcome: 'allowed' | 'denied' | 'error'
  readonly agent_id?: string | undefined
  readonly client_id?: string | undefined
  readonly user_id?: string | undefined
  readonly provider_id?: string | undefined
  readonly grant_id?: string | undefined
  readonly session_id?: string | undefined
  readonly handshake_id?: string | undefined
  readonly consent_id?: string | undefined
  /** The DID under which the agent came. */
  readonly client_did?: string | undefined
  /** How a person proved to be the one who decided: a `ConsentMethod`. */
  readonly auth_method?: string | undefined
  readonly requested_scopes?: readonly string[] | undefined
  readonly effective_scopes?: readonly string[] | undefined
  readonly denied_scopes?: readonly string[] | undefined
  /** The private reason: a `Failure['reason']` or an attestation fault kind. */
  readonly denial_reason?: string | undefined
  /** Evidence behind the reason, for operators only. */
  readonly evidence?: Readonly<Record<string, unknown>> | undefined
  readonly method?: string | undefined
  /** The path without its query: queries hold personal data. */
  readonly path?: string | undefined
  readonly upstream_status?: number | undefined
  readonly latency_us?: number | undefined
  readonly bytes_in?: number | undefined
  readonly bytes_out?: number | undefined
  /** First 8 bytes of SHA-256 of the token, hex. */
  readonly token_ref?: string | undefined
  readonly ip?: string | undefined
  /** `rule:<name>`, `default`, `operator-again`, `operator:<name>`, `user`, `agent`, `gateway`. */
  readonly decided_by?: string | undefined
}

/** Receives every decision. The sink adds id, time, sequence number and the hash chain. */
export interface AuditSink {
  /** Queues one record and returns its id (`evt_…`), which answers may quote. Throws when the sink is broken: fail closed. */
  record(event: AuditEvent): string
  /** Resolves once everything recorded so far is on disk. Control-plane answers wait for it. */
  settled(): Promise<void>
}
