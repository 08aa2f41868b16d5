import type { AthPorts } from '../endpoint/ports.ts'
import type { Handshake } from '../ports/handshakes.ts'

export type Ending =
  | { readonly kind: 'consented'; readonly code: string | undefined }
  | { readonly kind: 'denied' }
  | { readonly kind: 'failed' }

/**
 * Where the browser goes when the handshake ends (C8): to the agent's own redirect URI with the agent's own `state`,
 * else to our callback page, which tells the person that they may go back to the agent.
 */
export function endingUrl(ports: AthPorts, handshake: Handshake, ending: Ending): string {
  const url = new URL(handshake.userRedirectUri ?? ports.config.callbackUrl)
  url.searchParams.set('session_id', handshake.id)
  url.searchParams.set('ath_session_id', handshake.id)
  if (ending.kind === 'consented') url.searchParams.set('success', 'true')
  else {
    url.searchParams.set('error', ending.kind === 'denied' ? 'access_denied' : 'server_error')
    url.searchParams.set(
      'error_description',
      ending.kind === 'denied'
        ? 'the user said no'
        : 'the provider did not complete the authorization',
    )
  }
  if (handshake.userRedirectUri !== undefined) {
    url.searchParams.set('state', handshake.agentState)
    if (ending.kind === 'consented' && ending.code !== undefined)
      url.searchParams.set('code', ending.code)
  }
  return url.href
}
