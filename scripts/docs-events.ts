import type { AuditEvent, AuditEventName } from '@ath-protocol/server'

/** When each event is recorded. A new name does not compile until it has its line. */
const events: Readonly<Record<AuditEventName, string>> = {
  agent_registered: 'an agent registered; approved, in part, or held',
  agent_registration_denied: 'a registration was refused',
  attestation_failed: 'an attestation was not valid, at whatever endpoint',
  authorization_started: 'an agent asked to act for a user',
  access_granted: 'a token was issued',
  access_denied: 'an authorization or token was refused',
  token_revoked: 'a token ended before its time',
  proxy_request: 'a call went to an upstream, or failed on the way',
  scope_violation: 'a call was refused because no scope of its token opens it',
  agent_decided: 'an operator approved or denied an agent',
  agent_suspended: 'an agent was stopped, by an operator or by an alert',
  secret_rotated: 'an agent changed its client secret',
  consent_given: 'a person agreed',
  consent_denied: 'a person said no',
  user_signed_in: 'a person signed in',
  user_sign_in_failed: 'a sign-in did not succeed',
  user_signed_out: 'a person signed out',
  upstream_token_refreshed: "a provider's token was renewed, or could not be",
  upstream_token_revoked: "a provider's token was revoked there, or could not be",
  request_refused: 'a request was refused before any other event fits',
  handshake_started: 'an agent began a nine-step handshake',
  identity_proven: 'the key of a DID was proven in a handshake, or was not',
  confirmation_requested: 'a person was asked',
  confirmation_undelivered: 'a question could not be brought to its person by a channel',
  session_opened: 'a nine-step handshake was completed',
  session_ended: 'a session ended before its time, with every permission in it',
  token_refreshed: "a session's token was renewed",
  user_key_added: 'a person registered a key or a passkey',
  user_key_removed: 'a person removed one',
  credential_issued: 'a person allowed an agent ahead of time',
  credential_revoked: 'a person took that back',
  gateway_started: 'the gateway started',
  gateway_stopped: 'the gateway stopped',
  audit_recovered: 'at start the end of the last audit file was found cut off and was mended',
  alert_raised: 'repeated faults of one agent or address reached their limit',
}

/** The nine that the protocol names (R117). */
const named = new Set<AuditEventName>([
  'agent_registered',
  'agent_registration_denied',
  'attestation_failed',
  'authorization_started',
  'access_granted',
  'access_denied',
  'token_revoked',
  'proxy_request',
  'scope_violation',
])

const fields: Readonly<Record<keyof AuditEvent, string>> = {
  event: 'one of the names above',
  reached: 'the stage that decided (stages.md)',
  outcome: '`allowed`, `denied` or `error`',
  agent_id: 'the agent, as its attestation or token says',
  client_id: 'its registration here',
  user_id: 'the person it acts for',
  provider_id: 'the provider',
  grant_id: 'the consented permission',
  session_id: 'the session that a nine-step handshake opened',
  handshake_id: 'the nine-step handshake',
  consent_id: 'a reference to the question that a person was asked; no link to it',
  client_did: 'the DID under which the agent came',
  auth_method:
    'how a person proved to be the one who decides: `session`, `passkey`, `key`, or `chat:` and the channel',
  requested_scopes: 'what was asked',
  effective_scopes: 'what was given',
  denied_scopes: 'what was asked and not given',
  denial_reason: 'the precise private reason',
  evidence: 'what lies behind the reason; for operators only',
  method: 'HTTP method of a proxied call',
  path: 'its path, without the query',
  upstream_status: 'what the upstream answered',
  latency_us: 'time from request to end of answer, microseconds',
  bytes_in: 'bytes of the request body',
  bytes_out: 'bytes of the answer body',
  token_ref: 'first 8 bytes of SHA-256 of the token, hex',
  ip: "the caller's address after trusted proxies",
  decided_by:
    '`rule:<name>`, `default` where none matched, `operator-again` where an operator’s decision ran out, `operator:<name>`, `user`, `agent` or `gateway`',
}

/** `docs/reference/events.md`: what is recorded, and with which fields. */
export function renderEvents(): string {
  const names = Object.keys(events) as AuditEventName[]
  return [
    '# Audit events',
    '',
    'One record for every decision. The sink adds `id`, `timestamp`, a sequence number and the hash chain;',
    '`sallyport audit verify` checks them. No record holds a secret, a token or text of a user.',
    '',
    '| event | recorded when | named by |',
    '|---|---|---|',
    ...names.map(
      (name) => `| \`${name}\` | ${events[name]} | ${named.has(name) ? 'ATH 0.1' : 'us'} |`,
    ),
    '',
    '| field | meaning |',
    '|---|---|',
    ...Object.entries(fields).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    '',
  ].join('\n')
}
