import { discoverGateway, discoverService } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { columns } from '../output/shown.ts'
import { requireGateway } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const discover: CommandSpec = {
  usage: 'discover',
  summary: 'List what a gateway or a service offers to agents.',
  examples: [
    'athx discover --gateway https://gw.example',
    'athx discover --json | jq ".supported_providers[].provider_id"',
    'athx discover --mode native --service https://shop.example',
  ],
  next: 'athx connect <provider> --scope <scope>',
  options: (command) => {
    command.option('-s, --service <url>', 'a service that speaks ATH itself')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const signal = io.interrupted
    const service = flags.text('service')
    if (service || flags.text('mode') === 'native') {
      if (!service) throw new UsageError('no service was given', 'add --service <url>')
      const found = await discoverService(service, { signal })
      await out.result(
        found,
        `${found.name} (${found.app_id}), ATH ${found.ath_version}\n  api     ${found.api_base}\n  scopes  ${found.auth.scopes_supported.join(' ')}`,
      )
      return
    }
    const found = await discoverGateway(requireGateway(context), { signal })
    const rows = found.supported_providers.map((provider) => [
      provider.provider_id,
      provider.available_scopes.join(' '),
      provider.agent_approval_required ? 'approval needed' : '',
      provider.display_name,
    ])
    const nineStep = found.handshake_endpoint
      ? `\nnine-step  ${found.handshake_endpoint}  ${found.server_did ?? ''}`.trimEnd()
      : ''
    await out.result(
      found,
      `${found.gateway_id}  ATH ${found.ath_version}\n${columns(rows)}${nineStep}`,
    )
  },
}
