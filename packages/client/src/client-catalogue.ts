/** One fault that the client finds by itself; gateways have no code for it. */
export interface ClientRow {
  /** Lower case, no full stop, no secrets. */
  readonly text: string
  readonly fix: string
  readonly retryable: boolean
}

const row = (text: string, fix: string, retryable = false): ClientRow =>
  Object.freeze({ text, fix, retryable })

/** Every fault the client finds itself, once. The gateway's own errors are in `catalogue` of `@ath-protocol/types`. */
export const clientCatalogue = {
  NETWORK_ERROR: row(
    'the server could not be reached',
    'check the URL and that the server runs: `athx doctor`',
    true,
  ),
  TIMEOUT: row('the server did not answer in time', 'try again, or allow more time', true),
  REDIRECT_REFUSED: row(
    'the answer is a redirect, which is never followed with credentials',
    'use the URL under which the server itself answers',
  ),
  ANSWER_INVALID: row(
    'the answer is not what an ATH 0.1 server sends',
    'check that it is the base URL of an ATH server: `athx discover`',
  ),
  ANSWER_REFUSED: row(
    'the answer does not match what was asked, so it was refused',
    'do not use this server until its operator has explained it',
  ),
  HTTP_ERROR: row('the service refused the call', 'see the status'),
  VERSION_UNSUPPORTED: row(
    'the server speaks another version of ATH',
    'use a client for that version',
  ),
  INSECURE_URL: row('only https is safe here', 'use https; http is for loopback addresses only'),
  ORIGIN_REFUSED: row(
    'the token is only ever sent to the service that it is for',
    'give a path, or a URL under `/ath/proxy/<provider>/` or `api_base`',
  ),
  ARGUMENT_INVALID: row('the call is not well formed', 'see the message'),
  KEY_INVALID: row(
    'the key is not a P-256 private key in PKCS #8 PEM or JWK form',
    'make one: `athx key new`',
  ),
  CREDENTIALS_MISSING: row('this agent has no credentials here', 'register first: `athx connect`'),
  RENEWAL_UNSUPPORTED: row(
    'this server does not renew tokens',
    'ask the user again: `athx connect`',
  ),
  HANDSHAKE_UNSUPPORTED: row(
    'this server does not offer the nine-step handshake',
    'use `athx connect`, or ask its operator',
  ),
  CONSENT_PENDING: row(
    'the user has not answered yet',
    'ask the user to open the authorization URL, then ask again',
    true,
  ),
} as const satisfies Record<string, ClientRow>

export type ClientCode = keyof typeof clientCatalogue
