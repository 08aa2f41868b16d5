import { AthError } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { findKeptHandshake } from '../handshake-agent.ts'
import type { RunContext } from '../run-context.ts'
import { readSecret } from '../secret-input.ts'
import { findSettingValue } from '../setting-source.ts'
import { openAgent } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

export const revoke: CommandSpec = {
  usage: 'revoke [provider]',
  summary:
    'End access at once; without a provider, all of it at this gateway. A nine-step session ends whole.',
  examples: [
    'athx revoke oa',
    'athx revoke --mode native --service http://localhost:3000',
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
    const source = flags.text('token')
    if (source) {
      const { client } = await openAgent(context)
      await client.revoke(await readSecret('--token', source, io), { signal: io.interrupted })
      await out.result({ revoked: 1 }, 'revoked')
      return
    }
    const wanted = argument ?? flags.text('provider')
    const ended = await endHandshake(context, wanted)
    const revoked =
      ended.length > 0 && !findSettingValue(context, 'agent-id')
        ? []
        : await revokeTokens(context, wanted)
    const providers = [...new Set([...ended, ...revoked])]
    if (providers.length === 0)
      throw new UsageError(
        wanted ? `there is no token for \`${wanted}\` here` : 'there is no token here',
        'see what there is: athx status',
        'CREDENTIALS_MISSING',
      )
    await out.result(
      { revoked: providers.length, providers },
      providers.map((id) => `revoked  ${id}`).join('\n'),
    )
  },
}

async function revokeTokens(
  context: RunContext,
  wanted: string | undefined,
): Promise<readonly string[]> {
  const { client, profile } = await openAgent(context)
  // A service that speaks ATH itself is its own and only provider, whatever it is called.
  const every = wanted === undefined || client.native
  const kept = (await profile.sessions()).filter(({ providerId }) => every || providerId === wanted)
  for (const { providerId, accessToken } of kept) {
    await client.revoke(accessToken, { signal: context.io.interrupted })
    await profile.dropSession(providerId)
  }
  return kept.map(({ providerId }) => providerId)
}

/** A session of the nine-step handshake ends whole, for all its services. */
async function endHandshake(
  context: RunContext,
  wanted: string | undefined,
): Promise<readonly string[]> {
  const kept = await findKeptHandshake(context)
  if (!kept) return []
  const { providers } = kept.stored
  const { native } = kept.agent.place
  if (wanted !== undefined && !native && !providers.includes(wanted)) return []
  const session = await kept.resume()
  await session.end(context.io.interrupted).catch(ignoreEnded)
  await kept.agent.profile.dropSession()
  return providers
}

/** It had ended before: what was wanted is so. */
function ignoreEnded(error: unknown): void {
  if (error instanceof AthError && (error.code === 'TOKEN_REVOKED' || error.status === 404)) return
  throw error
}
