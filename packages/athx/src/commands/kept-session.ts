import type { AthSession } from '@ath-protocol/client'
import type { AgentRun } from '../settings.ts'
import { UsageError } from '../usage-error.ts'

/** The access that an earlier run got. */
export async function resumeKept(
  { client, profile }: AgentRun,
  providerId: string,
): Promise<AthSession> {
  const kept = await profile.session(providerId)
  if (kept) return client.resume(kept)
  throw new UsageError(
    `there is no token for \`${providerId}\` at ${client.gateway}`,
    `get one: athx connect ${providerId} --scope <scopes>`,
    'CREDENTIALS_MISSING',
  )
}
