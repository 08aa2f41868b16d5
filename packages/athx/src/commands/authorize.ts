import type { CommandSpec } from '../command-spec.ts'
import { readScopes } from '../flags.ts'
import { openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const authorize: CommandSpec = {
  usage: 'authorize',
  summary: 'Ask the user for consent (the second door); prints the page to open.',
  examples: [
    'athx authorize --provider oa --scopes oa:read',
    'athx authorize --provider oa --scopes oa:read --json | jq -r .authorization_url',
    'athx authorize --provider crm --scopes crm:read --resource https://crm.example/api',
  ],
  next: 'athx token --session <id> --wait',
  options: (command) => {
    command
      .option('--provider <id>', 'the provider to ask for')
      .option('--scopes <list>', 'scopes, separated by commas')
      .option('--resource <uri>', 'the resource the token is for (RFC 8707)')
      .option('--redirect-uri <uri>', 'one of the registered redirect URIs')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const provider = flags.text('provider')
    if (!provider) throw new UsageError('no provider was given', 'add --provider <id>')
    const scopes = readScopes(flags.text('scopes'))
    const { client, profile } = await openAgent(context)
    const handshake = await client.authorize({
      provider,
      scopes,
      resource: flags.text('resource'),
      redirectUri: flags.text('redirectUri'),
      signal: io.interrupted,
    })
    await profile.keepHandshake(handshake)
    await out.result(
      { authorization_url: handshake.authorizationUrl, ath_session_id: handshake.id },
      `open     ${handshake.authorizationUrl}\nsession  ${handshake.id}`,
    )
    out.say(`then:    athx token --session ${handshake.id} --wait`)
  },
}
