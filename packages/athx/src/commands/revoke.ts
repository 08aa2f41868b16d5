import type { CommandSpec } from '../command-spec.ts'
import { readSecret } from '../secret-input.ts'
import { openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const revoke: CommandSpec = {
  usage: 'revoke [provider]',
  summary: 'End access at once; without a provider, all of it at this gateway.',
  examples: [
    'athx revoke oa',
    'athx revoke --provider github',
    'printf %s "$TOKEN" | athx revoke --token -',
  ],
  next: 'athx status',
  options: (command) => {
    command
      .option('--provider <id>', 'the provider whose token to revoke')
      .option('--token <source>', 'another token: - for stdin, or @file')
  },
  run: async (context, [argument]) => {
    const { flags, io, out } = context
    const { client, profile } = await openAgent(context)
    const signal = io.interrupted
    const source = flags.text('token')
    if (source) {
      await client.revoke(await readSecret('--token', source, io), { signal })
      await out.result({ revoked: 1 }, 'revoked')
      return
    }
    const wanted = argument ?? flags.text('provider')
    const kept = (await profile.sessions()).filter(
      ({ providerId }) => wanted === undefined || providerId === wanted,
    )
    if (kept.length === 0)
      throw new UsageError(
        wanted ? `there is no token for \`${wanted}\` here` : 'there is no token here',
        'see what there is: athx status',
        'CREDENTIALS_MISSING',
      )
    for (const { providerId, accessToken } of kept) {
      await client.revoke(accessToken, { signal })
      await profile.dropSession(providerId)
    }
    const providers = kept.map(({ providerId }) => providerId)
    await out.result(
      { revoked: kept.length, providers },
      providers.map((id) => `revoked  ${id}`).join('\n'),
    )
  },
}
