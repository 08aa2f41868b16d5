import { ok } from '@ath-protocol/types'
import { type AgentContext, ask, requireCredentials } from './agent-context.ts'

/** `POST /ath/revoke` (R103, R104). Any 2xx is done, with or without a body. */
export async function revokeToken(
  context: AgentContext,
  token: string,
  signal?: AbortSignal,
): Promise<void> {
  const { clientId, clientSecret } = requireCredentials(context)
  await ask(context, {
    method: 'POST',
    url: `${context.base}/ath/revoke`,
    body: { token, client_id: clientId, client_secret: clientSecret },
    read: () => ok(undefined),
    signal,
  })
}
