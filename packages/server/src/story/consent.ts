import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts } from './exchange.ts'
import { grantFault, type LiveGrant, type LiveToken } from './live-token.ts'

/** Whether what the user allowed still stands. */
export function consent(
  { clock }: ProxyPorts,
  { token }: { readonly token: LiveToken },
): Result<{ grant: LiveGrant }, Failure> {
  const fault = grantFault(token.grant, clock.now())
  return fault ? fail(fault) : ok({ grant: token.grant })
}
