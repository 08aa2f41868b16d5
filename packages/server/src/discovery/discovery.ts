import { athVersion, type Discovery } from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import { handshakePath } from '../nine-step/admit-agent.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'

/** `GET /.well-known/ath.json`: public, and made from the configuration, so that it never promises what is not there (R8–R11, R15). */
export function discoveryDocument(config: AthConfig, nineStep?: NineStepPorts): Discovery {
  return {
    ath_version: athVersion,
    // Peers compare it with the URL they were given (C21).
    gateway_id: config.baseUrl,
    agent_registration_endpoint: `${config.baseUrl}/ath/agents/register`,
    token_renewal_endpoint: `${config.baseUrl}/ath/token/renew`,
    supported_providers: [...config.providers.values()].map((provider) => ({
      provider_id: provider.id,
      display_name: provider.displayName,
      ...(provider.categories ? { categories: [...provider.categories] } : {}),
      available_scopes: provider.scopes.map(({ name }) => name),
      // How the upstream is logged in to is nobody's business but ours.
      auth_mode: provider.authMode === 'oauth2' ? 'OAUTH2' : 'GATEWAY_CONSENT',
      agent_approval_required: true,
    })),
    ...(nineStep
      ? {
          handshake_endpoint: `${config.baseUrl}${handshakePath}`,
          server_did: nineStep.serverDid,
          server_jwk: nineStep.handshakeKey.publicKey.jwk,
        }
      : {}),
  }
}
