import { type ClientId, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { Limited } from '../ports/limits.ts'
import type { Registration } from '../ports/registry.ts'
import { takeLimit } from './limit.ts'
import type { AthPorts } from './ports.ts'

/** The client a request names, counted against its limit. Guesses count against the guesser, not against a client that may exist. */
export async function findClient(
  ports: AthPorts,
  clientId: ClientId,
  limit: { readonly what: Limited; readonly ip: string },
): Promise<Result<Registration, Failure>> {
  const agent = await ports.registry.findByClientId(clientId)
  const within = takeLimit(ports.limits, limit.what, agent ? agent.clientId : `ip ${limit.ip}`)
  if (!within.ok) return within
  return agent ? ok(agent) : fail({ reason: 'client_unknown' })
}
