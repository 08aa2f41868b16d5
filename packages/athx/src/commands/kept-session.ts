import type { AthSession } from '@ath-protocol/client'
import type { AgentRun } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

/** The access that an earlier run got. */
export async function resumeKept(
  { client, profile }: AgentRun,
  providerId: string | undefined,
): Promise<AthSession> {
  // A service that speaks ATH itself is its own and only provider, whatever it is called.
  const [only] = client.native ? await profile.sessions() : []
  const kept = only ?? (await profile.session(providerId ?? ''))
  if (kept) return client.resume(kept)
  throw new UsageError(
    client.native
      ? `there is no token for ${client.gateway}`
      : `there is no token for \`${providerId}\` at ${client.gateway}`,
    `get one: athx connect ${client.native ? `--service ${client.gateway}` : providerId} --scope <scopes>`,
    'CREDENTIALS_MISSING',
  )
}
