import { athVersion, type ServiceDiscovery } from '@ath-protocol/types'
import { handshakePath } from '../nine-step/admit-agent.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'
import type { NativeSettings } from './settings.ts'

/** Where the app's OAuth server is. */
export interface OAuthPlaces {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly registrationEndpoint: string | undefined
}

/** `GET /.well-known/ath-app.json` (R12, R13): made from what is configured, so that it promises nothing else. */
export function serviceDocument(
  { appId, name, apiBase, config, trustsAgents }: NativeSettings,
  oauth: OAuthPlaces,
  nineStep: NineStepPorts | undefined,
): ServiceDiscovery {
  const { baseUrl } = config
  return {
    ...createServiceDiscoveryDocument({
      app_id: appId,
      name,
      authorization_endpoint: oauth.authorizationEndpoint,
      token_endpoint: oauth.tokenEndpoint,
      registration_endpoint: oauth.registrationEndpoint,
      scopes_supported: config.providers.get(appId)?.scopes.map((scope) => scope.name) ?? [],
      agent_attestation_required: !trustsAgents,
      api_base: apiBase,
    }),
    agent_registration_endpoint: `${baseUrl}/ath/agents/register`,
    token_renewal_endpoint: `${baseUrl}/ath/token/renew`,
    ...(nineStep
      ? {
          handshake_endpoint: `${baseUrl}${handshakePath}`,
          server_did: nineStep.serverDid,
          server_jwk: nineStep.handshakeKey.publicKey.jwk,
        }
      : {}),
  }
}

export interface ServiceDescription {
  readonly app_id: string
  readonly name: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly scopes_supported: readonly string[]
  readonly api_base: string
  readonly registration_endpoint?: string | undefined
  /** Default true. */
  readonly agent_attestation_required?: boolean
}

/** The discovery document of a service, from a flat description of it (R12, R13). */
export function createServiceDiscoveryDocument(service: ServiceDescription): ServiceDiscovery {
  const { registration_endpoint } = service
  return {
    ath_version: athVersion,
    app_id: service.app_id,
    name: service.name,
    auth: {
      type: 'oauth2',
      authorization_endpoint: service.authorization_endpoint,
      token_endpoint: service.token_endpoint,
      scopes_supported: [...service.scopes_supported],
      ...(registration_endpoint === undefined ? {} : { registration_endpoint }),
      agent_attestation_required: service.agent_attestation_required ?? true,
    },
    api_base: service.api_base,
  }
}
