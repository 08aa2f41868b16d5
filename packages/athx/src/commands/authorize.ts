import type { CommandSpec } from '../command-spec.ts'
import { addScopeOptions, scopesOf } from '../flags.ts'
import { openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const authorize: CommandSpec = {
  usage: 'authorize',
  summary: 'Ask the user for consent (the second door); prints the page to open.',
  examples: [
    'athx authorize --provider oa --scopes oa:read',
    'athx authorize --provider oa --scopes oa:read --json | jq -r .authorization_url',
    'athx authorize --mode native --service http://localhost:3000 --scopes products:read',
  ],
  next: 'athx token --session <id> --wait',
  options: (command) => {
    addScopeOptions(command, 'scopes, separated by commas')
    command
      .option('--provider <id>', 'the provider to ask for; an app that speaks ATH needs none')
      .option('--resource <uri>', 'the resource the token is for (RFC 8707)')
      .option('--redirect-uri <uri>', 'one of the registered redirect URIs')
  },
  run: async (context) => {
    const { flags, io, out } = context
    const provider = flags.text('provider')
    const scopes = scopesOf(flags)
    const { client, profile } = await openAgent(context)
    if (!provider && !client.native)
      throw new UsageError('no provider was given', 'add --provider <id>')
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
