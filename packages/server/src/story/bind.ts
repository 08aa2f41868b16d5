import { admitToken } from '../proxy/admit-token.ts'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Received, Route } from './exchange.ts'
import { agentFault, type LiveToken } from './live-token.ts'

/** Whether the token may be used here, by this agent, now: token, then provider, then agent (C16). */
export function bind(
  { clock, limits, routes }: ProxyPorts,
  { call, token }: Received & { readonly token: LiveToken },
): Result<{ route: Route }, Failure> {
  const now = clock.now()
  const admitted = admitToken(token, {
    now,
    providerId: call.providerId,
    agentHeader: call.agentHeader,
  })
  if (!admitted.ok) return admitted
  const fault = agentFault(token.agent, now)
  if (fault) return fail(fault)
  // After the token is known to be the caller's: nobody can use up another's rate.
  // By grant: an agent that renews its token has no more than one that does not.
  const over = limits.take('proxy_token', token.grant.id)
  if (over) return fail({ reason: 'rate_limited', ...over })
  const route = routes.get(call.providerId)
  return route ? ok({ route }) : fail({ reason: 'provider_unknown', got: call.providerId })
}
