import { fail, type Failure } from '@ath-protocol/types'
import {
  AuthorizationResponseError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client'

/** The part of the OAuth dance in which an upstream failed. */
export type OAuthStep =
  | 'discovery'
  | 'authorize'
  | 'callback'
  | 'token'
  | 'userinfo'
  | 'refresh'
  | 'revoke'

/** A failure of the upstream OAuth server: its error code and nothing else of what it said (RFC 6749 §4.1.2.1, §5.2). */
export const upstreamFailure = (
  step: OAuthStep,
  error: string,
): { readonly ok: false; readonly error: Failure } =>
  fail({ reason: 'upstream_oauth', step, error: readableCode(error) })

/** A code as servers write them; anything else could carry a token, a page or a line break into a log. */
const readableCode = (code: string) =>
  /^[A-Za-z0-9_.:/-]{1,64}$/.test(code) ? code : 'unreadable_error'

/**
 * The OAuth error code of whatever the OAuth library threw. Codes that RFC 6749 does not have are about the answer
 * or the way there: `timeout`, `response_is_not_json`, `jwt_claim_comparison_failed`, `econnrefused`, `unreachable`.
 */
export function errorCode(thrown: unknown): string {
  if (thrown instanceof AuthorizationResponseError || thrown instanceof ResponseBodyError)
    return thrown.error
  if (thrown instanceof WWWAuthenticateChallengeError)
    return thrown.cause[0]?.parameters['error'] ?? 'invalid_client'
  return systemCode(thrown, 4) ?? 'unreachable'
}

/** `fetch failed` says nothing; the code of its cause does. */
function systemCode(thrown: unknown, depth: number): string | undefined {
  if (!(thrown instanceof Error) || depth === 0) return undefined
  if ('code' in thrown && typeof thrown.code === 'string')
    return thrown.code.toLowerCase().replace(/^oauth_/, '')
  return systemCode(thrown.cause, depth - 1)
}
