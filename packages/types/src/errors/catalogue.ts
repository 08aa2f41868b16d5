/** The closed set of codes of ATH 0.1 (R111, R112). */
export const athCodes = [
  'INVALID_ATTESTATION',
  'AGENT_NOT_REGISTERED',
  'AGENT_UNAPPROVED',
  'PROVIDER_NOT_APPROVED',
  'SCOPE_NOT_APPROVED',
  'SESSION_NOT_FOUND',
  'SESSION_EXPIRED',
  'STATE_MISMATCH',
  'TOKEN_INVALID',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
  'AGENT_IDENTITY_MISMATCH',
  'PROVIDER_MISMATCH',
  'USER_DENIED',
  'OAUTH_ERROR',
  'INTERNAL_ERROR',
] as const
export type AthCode = (typeof athCodes)[number]

/** Our extensions, used only where no ATH code fits (C13, C15). */
export const extensionCodes = [
  'CONFLICT',
  'RATE_LIMITED',
  'INVALID_REQUEST',
  'NOT_FOUND',
  'UPSTREAM_ERROR',
  'UPSTREAM_TIMEOUT',
  'UNAVAILABLE',
  'UNSUPPORTED_VERSION',
  'INVALID_CREDENTIAL',
  'FORBIDDEN',
] as const
export type ExtensionCode = (typeof extensionCodes)[number]
export type PublicCode = AthCode | ExtensionCode

/** One public error. Several private reasons may share a row on purpose. */
export interface Row {
  readonly code: PublicCode
  readonly status:
    | 400
    | 401
    | 403
    | 404
    | 405
    | 408
    | 409
    | 413
    | 415
    | 429
    | 431
    | 500
    | 502
    | 503
    | 504
  /** The nearest OAuth error, for the challenge header (RFC 6749 §5.2, RFC 6750 §3.1). */
  readonly oauth: string
  /** Whether a 401 or 403 carries a `WWW-Authenticate: Bearer` challenge (RFC 6750 §3). */
  readonly challenge: boolean
  readonly retryable: boolean
  /** The public sentence: lower case, no full stop, no secrets. */
  readonly text: string
  /** What the caller can do about it. */
  readonly fix: string
  readonly source: string
}

const row = (
  code: PublicCode,
  status: Row['status'],
  oauth: string,
  text: string,
  fix: string,
  source: string,
  flags: { challenge?: boolean; retryable?: boolean } = {},
): Row =>
  Object.freeze({
    code,
    status,
    oauth,
    text,
    fix,
    source,
    challenge: flags.challenge ?? false,
    retryable: flags.retryable ?? false,
  })

/** Every error this product shows, once. The docs page `docs/reference/errors.md` is made from it. */
export const catalogue = {
  attestation_missing: row(
    'INVALID_ATTESTATION',
    400,
    'invalid_client',
    'the agent attestation is missing',
    'send `agent_attestation`: an ES256 JWT signed with the key in your agent.json',
    'C15, C16',
  ),
  attestation_invalid: row(
    'INVALID_ATTESTATION',
    401,
    'invalid_client_attestation',
    'the agent attestation is not valid',
    'sign a fresh attestation (aud, exp, jti) with the key that your agent.json publishes; `athx doctor` checks each part',
    'R112',
  ),
  document_unreachable: row(
    'INVALID_ATTESTATION',
    401,
    'invalid_client_attestation',
    'the identity document of the agent could not be fetched',
    'serve agent.json at the agent id, where the gateway can reach it, and try again after 10 seconds; `athx doctor` fetches it too',
    'R112',
  ),
  redirect_mismatch: row(
    'INVALID_ATTESTATION',
    400,
    'invalid_request',
    '`user_redirect_uri` is not one of the registered redirect URIs',
    'register the exact URI in `redirect_uris`, or leave `user_redirect_uri` out',
    'R46, R47, C15',
  ),
  agent_unknown: row(
    'AGENT_NOT_REGISTERED',
    403,
    'unauthorized_client',
    'the agent is not registered here',
    'register first: `athx register`',
    'R112',
  ),
  client_missing: row(
    'AGENT_NOT_REGISTERED',
    400,
    'invalid_client',
    'the client credentials are missing',
    'send `client_id` and `client_secret` as the registration returned them',
    'C15, C18',
  ),
  client_secret_wrong: row(
    'AGENT_NOT_REGISTERED',
    401,
    'invalid_client',
    'the client credentials are not valid',
    'use the current client secret, or rotate it with a fresh attestation: `athx agent rotate`',
    'C18',
  ),
  agent_unapproved: row(
    'AGENT_UNAPPROVED',
    403,
    'unauthorized_client',
    'the agent is not approved by this service',
    'ask the operator to decide: `sallyport agents approve <client_id>`',
    'R112, R113',
  ),
  provider_not_approved: row(
    'PROVIDER_NOT_APPROVED',
    403,
    'access_denied',
    'the agent is not approved for this provider',
    'request a provider that the registration approved (`athx status`)',
    'R112',
  ),
  scope_not_approved: row(
    'SCOPE_NOT_APPROVED',
    403,
    'insufficient_scope',
    'the scopes of this token do not allow this',
    'request a scope that allows it and that the service approves (`athx status`), and ask the user again',
    'R96, R112',
    { challenge: true },
  ),
  handshake_not_found: row(
    'SESSION_NOT_FOUND',
    400,
    'invalid_grant',
    'there is no such handshake',
    'start again: `athx authorize`',
    'R112',
  ),
  handshake_pending: row(
    'SESSION_NOT_FOUND',
    400,
    'authorization_pending',
    'the user has not answered yet',
    'ask the user to open the authorization URL, and try again in some seconds',
    'C10',
    { retryable: true },
  ),
  handshake_expired: row(
    'SESSION_EXPIRED',
    400,
    'invalid_grant',
    'the handshake or its one-time code has expired',
    'start again: `athx authorize`',
    'R66, R112',
  ),
  state_missing: row(
    'STATE_MISMATCH',
    400,
    'invalid_request',
    '`state` is missing',
    'send a random `state` of at least 128 bits',
    'C15, C16',
  ),
  state_mismatch: row(
    'STATE_MISMATCH',
    400,
    'invalid_request',
    'this browser did not start this handshake',
    'open the authorization URL and finish in the same browser',
    'R57, R65, R112',
  ),
  token_missing: row(
    'TOKEN_INVALID',
    401,
    'invalid_token',
    'an access token is required',
    'send `Authorization: Bearer <token>`',
    'R91, R112',
    { challenge: true },
  ),
  token_invalid: row(
    'TOKEN_INVALID',
    401,
    'invalid_token',
    'the access token is not valid',
    'get a token: `athx connect`',
    'R92, R112',
    { challenge: true },
  ),
  token_absent: row(
    'TOKEN_INVALID',
    400,
    'invalid_request',
    '`token` is missing',
    'send the token to revoke',
    'C15',
  ),
  token_expired: row(
    'TOKEN_EXPIRED',
    401,
    'invalid_token',
    'the access token has expired',
    'get a new token: `athx connect`, or `athx handshake`',
    'R92, R112',
    { challenge: true },
  ),
  token_revoked: row(
    'TOKEN_REVOKED',
    401,
    'invalid_token',
    'the access token was revoked',
    'ask the user again: `athx connect`, or `athx handshake`',
    'R92, R112',
    { challenge: true },
  ),
  agent_mismatch: row(
    'AGENT_IDENTITY_MISMATCH',
    403,
    'invalid_token',
    'the token does not belong to this agent',
    'send `X-ATH-Agent-ID` with the agent that the token was issued to',
    'R93, R112',
  ),
  provider_mismatch: row(
    'PROVIDER_MISMATCH',
    403,
    'invalid_target',
    'the token is not for this provider',
    'use the token at the provider it was issued for',
    'R94, R112',
  ),
  user_denied: row(
    'USER_DENIED',
    403,
    'access_denied',
    'the user said no',
    'do not ask again at once; explain to the user what the access is for',
    'R112',
  ),
  oauth_failed: row(
    'OAUTH_ERROR',
    502,
    'server_error',
    "the provider's OAuth server did not complete the authorization",
    'start again; if it goes on, the operator finds the cause in the audit record',
    'R112',
    { retryable: true },
  ),
  internal: row(
    'INTERNAL_ERROR',
    500,
    'server_error',
    'internal error',
    'quote the id to the operator',
    'R112',
    { retryable: true },
  ),
  conflict: row(
    'CONFLICT',
    409,
    'invalid_request',
    'this agent is registered already',
    'use the existing credentials, or rotate the secret: `athx agent rotate`',
    'R45, C13',
  ),
  rate_limited: row(
    'RATE_LIMITED',
    429,
    'temporarily_unavailable',
    'too many requests',
    'wait as long as `Retry-After` says',
    'R119, C15',
    { retryable: true },
  ),
  request_invalid: row(
    'INVALID_REQUEST',
    400,
    'invalid_request',
    'the request is not well formed',
    'see `details.errors`',
    'C15',
  ),
  body_too_large: row(
    'INVALID_REQUEST',
    413,
    'invalid_request',
    'the request body is too large',
    'send less',
    'C15',
  ),
  headers_too_large: row(
    'INVALID_REQUEST',
    431,
    'invalid_request',
    'the request headers are too large',
    'send less',
    'C15',
  ),
  media_type: row(
    'INVALID_REQUEST',
    415,
    'invalid_request',
    'this content type is not understood here',
    'send `application/json` or `application/x-www-form-urlencoded`',
    'C14, C15',
  ),
  method_not_allowed: row(
    'INVALID_REQUEST',
    405,
    'invalid_request',
    'this method is not allowed here',
    'see the `Allow` header',
    'RFC 9110 §15.5.6',
  ),
  path_refused: row(
    'INVALID_REQUEST',
    400,
    'invalid_request',
    'the path is ambiguous and was refused',
    'send a path without dot segments, encoded slashes, backslashes, semicolons or control characters',
    'R95',
  ),
  not_found: row(
    'NOT_FOUND',
    404,
    'invalid_request',
    'there is nothing here',
    'see `/.well-known/ath.json` for what is',
    'RFC 9110 §15.5.5',
  ),
  upstream_down: row(
    'UPSTREAM_ERROR',
    502,
    'temporarily_unavailable',
    'the service behind the gateway did not answer',
    'try again later; the operator finds the cause in the audit record',
    'RFC 9110 §15.6.3',
    { retryable: true },
  ),
  upstream_slow: row(
    'UPSTREAM_TIMEOUT',
    504,
    'temporarily_unavailable',
    'the service behind the gateway took too long',
    'try again later, or ask for less',
    'RFC 9110 §15.6.5',
    { retryable: true },
  ),
  unavailable: row(
    'UNAVAILABLE',
    503,
    'temporarily_unavailable',
    'the gateway cannot decide now',
    'try again later',
    'RFC 9110 §15.6.4',
    { retryable: true },
  ),
  // After those of the two-phase handshake: of several faces of a code the first stands for an answer that names none.
  handshake_version: row(
    'UNSUPPORTED_VERSION',
    400,
    'invalid_request',
    'none of the offered versions is spoken here',
    'offer one of `details.supported`',
    'U11',
  ),
  handshake_message: row(
    'INVALID_REQUEST',
    400,
    'invalid_request',
    'a message of the handshake is not well formed',
    'see `details.reason`; docs/nine-step.md describes every message',
    'U11, U12',
  ),
  handshake_proof: row(
    'INVALID_ATTESTATION',
    401,
    'invalid_client',
    'the identity proof is not valid',
    'check the clock and the key, and start again with a fresh `handshake_request`',
    'U12, D10',
  ),
  did_unknown: row(
    'AGENT_NOT_REGISTERED',
    403,
    'unauthorized_client',
    'this DID is not approved here',
    'ask the operator: `sallyport agents add <did>`, with `--key <file>` where the DID is a name; or send an `ath_attestation` of an agent that is registered',
    'U5, U12',
  ),
  credential_invalid: row(
    'INVALID_CREDENTIAL',
    401,
    'invalid_grant',
    'what the user gave the agent is not valid',
    'ask the user for a new authorization: `athx grant`, or the page `/me`',
    'U6, U12',
  ),
  user_key_unknown: row(
    'INVALID_CREDENTIAL',
    401,
    'invalid_grant',
    'this key is not registered here',
    'register it on the page `/me/keys`, signed in as the person whose key it is',
    'U6, U7',
  ),
  handshake_gone: row(
    'SESSION_NOT_FOUND',
    404,
    'invalid_grant',
    'there is no such handshake or session',
    'start again with a fresh `handshake_request`: `athx handshake`',
    'U12',
  ),
  handshake_over: row(
    'SESSION_EXPIRED',
    408,
    'invalid_grant',
    'the handshake took too long',
    'start again with a fresh `handshake_request`: `athx handshake`',
    'U3, U12, D10',
  ),
  handshake_order: row(
    'CONFLICT',
    409,
    'invalid_request',
    'this message does not come next',
    'start again with a fresh `handshake_request`: an out-of-order message ends the handshake',
    'U3, U12',
  ),
  session_over: row(
    'TOKEN_REVOKED',
    401,
    'invalid_token',
    'the session has ended',
    'ask the user again: `athx handshake`',
    'U9',
  ),
  message_replayed: row(
    'CONFLICT',
    409,
    'invalid_request',
    'this encrypted message was seen before',
    'number messages upwards, from `details.next_seq` on',
    'U10',
  ),
  message_unproven: row(
    'TOKEN_INVALID',
    401,
    'invalid_token',
    'this session takes only messages encrypted with its own keys',
    'encrypt the request as docs/nine-step.md describes',
    'U10',
  ),
  confirmation_gone: row(
    'NOT_FOUND',
    404,
    'invalid_request',
    'there is no such question',
    'open the link as it was sent, or see what waits for you: `athx inbox`',
    'U7',
  ),
  confirmation_forbidden: row(
    'FORBIDDEN',
    403,
    'access_denied',
    'this question is for somebody else',
    'sign in as the person who was asked',
    'U7, D14',
  ),
  confirmation_weak: row(
    'FORBIDDEN',
    403,
    'insufficient_user_authentication',
    'this needs a stronger confirmation',
    'open the page of the question and confirm there, as `details.needs` says',
    'D19, U7',
  ),
  confirmation_decided: row(
    'CONFLICT',
    409,
    'invalid_request',
    'this question was answered before',
    'the first answer stands; take a permission back on the page `/me`',
    'D15',
  ),
  restricted: row(
    'SCOPE_NOT_APPROVED',
    403,
    'access_denied',
    'a restriction of this permission forbids the call',
    'call as `details.rule` says, or ask the operator to change the restriction',
    'U13',
  ),
} as const satisfies Record<string, Row>

export type Face = keyof typeof catalogue
