import { type ClientId, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Limited } from '../ports/limits.ts'
import type { Registration } from '../ports/registry.ts'
import { callerKey, takeLimit } from './limit.ts'
import type { AthPorts } from './ports.ts'

/**
 * The client a request names. Nothing is proven yet, so it counts against the caller, who could otherwise use up what is
 * another's; once the client is proven, its own limit counts (`takeLimit`).
 */
export async function findClient(
  ports: AthPorts,
  clientId: ClientId,
  limit: { readonly what: Limited; readonly ip: string },
): Promise<Result<Registration, Failure>> {
  const agent = await ports.registry.findByClientId(clientId)
  const caller = `${agent ? `${agent.clientId} from` : 'ip'} ${callerKey(limit.ip)}`
  const within = takeLimit(ports.limits, limit.what, caller)
  if (!within.ok) return within
  return agent ? ok(agent) : fail({ reason: 'client_unknown' })
}
