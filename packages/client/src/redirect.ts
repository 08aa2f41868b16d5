import { AthError } from './ath-error.ts'
import type { PendingHandshake } from './authorize.ts'

/** Sent as `code` where none was delivered: the session id, the secret and the attestation are the proof (C9). */
export const placeholderCode = 'ath-session'

/**
 * Reads the URL on which the browser came back to an agent's own redirect URI. Throws `STATE_MISMATCH` unless it
 * answers this very handshake (R56, R57), `USER_DENIED` or `OAUTH_ERROR` where the answer is no. Returns the code.
 * Some peers never return `state` (C29): with `allowMissingState` their `session_id` must match instead.
 */
export function readRedirect(
  returned: string | URL,
  handshake: PendingHandshake,
  options: { readonly allowMissingState?: boolean } = {},
): string {
  const url = new URL(returned)
  const own = handshake.redirectUri === undefined ? undefined : new URL(handshake.redirectUri)
  if (!own || url.origin !== own.origin || url.pathname !== own.pathname)
    throw mismatch('the browser did not return to the redirect URI of this handshake')
  const answer = url.searchParams
  const state = answer.get('state')
  const sessions = [...answer.getAll('ath_session_id'), ...answer.getAll('session_id')]
  if (sessions.some((session) => session !== handshake.id))
    throw mismatch('the answer belongs to another handshake')
  if (state === null && !(options.allowMissingState === true && sessions.length > 0))
    throw mismatch('the answer carries no `state`')
  if (state !== null && state !== handshake.state) throw mismatch('`state` is not the one sent')
  const error = answer.get('error')
  if (error === 'access_denied') throw new AthError('USER_DENIED', { status: 403 })
  if (error !== null) throw new AthError('OAUTH_ERROR', { details: { error: error.slice(0, 100) } })
  return answer.get('code') || placeholderCode
}

const mismatch = (message: string) => new AthError('STATE_MISMATCH', { message })
