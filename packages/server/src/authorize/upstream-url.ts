import type { Failure, Result } from '@ath-protocol/types'
import type { ProviderDefinition } from '../config.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { Handshake } from '../ports/handshakes.ts'
import { hashSecret } from '../secret/hash.ts'
import { upstreamScopeNames } from './upstream-scope.ts'

/**
 * The `state` sent upstream. It follows from the PKCE verifier, which only we know, so that the browser may be sent
 * upstream again (back button) without a second secret to keep; what the agent sees (`code_challenge`) does not lead to it.
 */
export function upstreamState(codeVerifier: string): string {
  return hashSecret(`ath upstream state ${codeVerifier}`)
}

/** Where the browser goes to consent at the provider: only for the scopes still wanted. */
export function upstreamUrl(
  ports: AthPorts,
  handshake: Handshake,
  provider: ProviderDefinition,
): Promise<Result<URL, Failure>> {
  return ports.oauth.authorizationUrl(handshake.providerId, {
    state: upstreamState(handshake.codeVerifier),
    nonce: handshake.nonce,
    codeVerifier: handshake.codeVerifier,
    scopes: upstreamScopeNames(provider, handshake.offeredScopes ?? handshake.requestedScopes),
    // Our page leaves what was ticked; without it nobody here asked.
    askAnew: handshake.offeredScopes === undefined,
    ...(handshake.resource === undefined ? {} : { resource: handshake.resource }),
  })
}
