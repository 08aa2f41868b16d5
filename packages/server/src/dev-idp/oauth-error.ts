import { fail, type Result } from '@ath-protocol/types'
import { jsonAnswer } from '../wire/answer.ts'
import type { AthAnswer } from '../wire/http.ts'

/** An error answer of an endpoint that programs call (RFC 6749 §5.2 and its relatives). */
export interface OAuthError {
  readonly error:
    | 'invalid_request'
    | 'invalid_client'
    | 'invalid_grant'
    | 'invalid_scope'
    | 'invalid_target'
    | 'invalid_token'
    | 'unauthorized_client'
    | 'unsupported_grant_type'
    | 'invalid_redirect_uri'
    | 'invalid_client_metadata'
    | 'invalid_software_statement'
    | 'temporarily_unavailable'
  readonly description: string
}

export const refuse = (
  error: OAuthError['error'],
  description: string,
): { readonly ok: false; readonly error: OAuthError } => fail({ error, description })

export function answerError({ error, description }: OAuthError): AthAnswer {
  return jsonAnswer(
    statusOf(error),
    { error, error_description: plainAscii(description) },
    error === 'invalid_client'
      ? { 'www-authenticate': 'Basic realm="development log-in"' }
      : error === 'invalid_token'
        ? { 'www-authenticate': 'Bearer error="invalid_token"' }
        : {},
  )
}

function statusOf(error: OAuthError['error']): number {
  if (error === 'invalid_client' || error === 'invalid_token') return 401
  return error === 'temporarily_unavailable' ? 503 : 400
}

/** RFC 6749 §5.2: an `error_description` is visible ASCII without quote and backslash. */
export const plainAscii = (text: string): string =>
  text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'").slice(0, 500)

/** The answer of an endpoint, or its error. */
export const answerOrError = <T>(
  result: Result<T, OAuthError>,
  answer: (value: T) => AthAnswer,
): AthAnswer => (result.ok ? answer(result.value) : answerError(result.error))
