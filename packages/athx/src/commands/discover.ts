import {
  AthError,
  type Discovery,
  discoverGateway,
  discoverService,
  type ServiceDiscovery,
} from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { columns } from '../output/shown.ts'
import { findPlace } from '../place.ts'

export const discover: CommandSpec = {
  usage: 'discover',
  summary: 'List what a gateway or a service offers to agents.',
  examples: [
    'athx discover --gateway https://gw.example',
    'athx discover --json | jq ".supported_providers[].provider_id"',
    'athx discover --mode native --service http://localhost:3000',
  ],
  next: 'athx connect <provider> --scope <scope>',
  run: async (context) => {
    const signal = context.io.interrupted
    const { native, base } = findPlace(context)
    if (native) {
      const found = await discoverService(base, { signal }).catch((error: unknown) => {
        throw explainNotFound(error, base, 'ath-app.json')
      })
      await context.out.result(found, describeService(found))
    } else {
      const found = await discoverGateway(base, { signal }).catch((error: unknown) => {
        throw explainNotFound(error, base, 'ath.json')
      })
      await context.out.result(found, describeGateway(found))
    }
  },
}

/** The document is at the base URL, and people name the API below it. */
function explainNotFound(error: unknown, base: string, name: string): unknown {
  if (!(error instanceof AthError && error.status === 404)) return error
  const { origin, pathname } = new URL(base)
  const { code, message, retryable, status, details } = error
  return new AthError(code, {
    message: `${message} (GET ${base}/.well-known/${name})`,
    fix: pathname === '/' ? error.fix : `try ${origin}`,
    retryable,
    status,
    details,
    cause: error,
  })
}

const describeService = (found: ServiceDiscovery) =>
  [
    `${found.name} (${found.app_id}), ATH ${found.ath_version}`,
    `  api     ${found.api_base}`,
    `  scopes  ${found.auth.scopes_supported.join(' ')}`,
    ...nineStep(found),
  ].join('\n')

function describeGateway(found: Discovery): string {
  const rows = found.supported_providers.map((provider) => [
    provider.provider_id,
    provider.available_scopes.join(' '),
    provider.agent_approval_required ? 'approval needed' : '',
    provider.display_name,
  ])
  return [`${found.gateway_id}  ATH ${found.ath_version}`, columns(rows), ...nineStep(found)].join(
    '\n',
  )
}

const nineStep = ({ handshake_endpoint, server_did }: Discovery | ServiceDiscovery) =>
  typeof handshake_endpoint === 'string'
    ? [`nine-step  ${handshake_endpoint}  ${String(server_did ?? '')}`.trimEnd()]
    : []
