/** What each exit code means. Scripts may rely on it; `athx help exit-codes` prints it. */
export const exitCodes = [
  [0, 'ok'],
  [1, 'failed'],
  [2, 'cancelled'],
  [3, 'bad usage or configuration'],
  [4, 'not registered or no valid token: connect first'],
  [5, 'refused by the service or its policy'],
  [6, 'consent is pending, declined or expired'],
  [7, 'network, gateway or upstream failed'],
  [8, 'trust failure: attestation, identity or an answer that was refused'],
  [9, 'to be done by hand: athx printed what and where'],
  [130, 'interrupted'],
] as const

export type ExitCode = (typeof exitCodes)[number][0]

const byErrorCode: Readonly<Record<string, ExitCode>> = {
  USAGE: 3,
  ARGUMENT_INVALID: 3,
  INVALID_REQUEST: 3,
  INSECURE_URL: 3,
  KEY_INVALID: 3,
  VERSION_UNSUPPORTED: 3,
  UNSUPPORTED_VERSION: 3,
  HANDSHAKE_UNSUPPORTED: 3,
  AGENT_NOT_REGISTERED: 4,
  CREDENTIALS_MISSING: 4,
  TOKEN_INVALID: 4,
  TOKEN_EXPIRED: 4,
  TOKEN_REVOKED: 4,
  RENEWAL_UNSUPPORTED: 4,
  AGENT_UNAPPROVED: 5,
  PROVIDER_NOT_APPROVED: 5,
  SCOPE_NOT_APPROVED: 5,
  PROVIDER_MISMATCH: 5,
  FORBIDDEN: 5,
  USER_DENIED: 6,
  SESSION_NOT_FOUND: 6,
  SESSION_EXPIRED: 6,
  CONSENT_PENDING: 6,
  STEP_UP_REQUIRED: 6,
  INVALID_CREDENTIAL: 6,
  NETWORK_ERROR: 7,
  TIMEOUT: 7,
  OAUTH_ERROR: 7,
  UPSTREAM_ERROR: 7,
  UPSTREAM_TIMEOUT: 7,
  UNAVAILABLE: 7,
  RATE_LIMITED: 7,
  ANSWER_INVALID: 7,
  INVALID_ATTESTATION: 8,
  AGENT_IDENTITY_MISMATCH: 8,
  STATE_MISMATCH: 8,
  ANSWER_REFUSED: 8,
  REDIRECT_REFUSED: 8,
  ORIGIN_REFUSED: 8,
}

/** A code that is not listed is 1: it failed, and nothing more is promised. */
export function exitCodeOf(errorCode: string): ExitCode {
  return Object.hasOwn(byErrorCode, errorCode) ? (byErrorCode[errorCode] ?? 1) : 1
}

/** For an answer of the service itself: its fault, or the caller's. */
export function exitCodeOfStatus(status: number): ExitCode {
  if (status < 400) return 0
  return status >= 500 ? 7 : 1
}
