import { type CompiledRestrictions, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Received, Route } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

/** Whether a scope of the token opens this method and path, here and now; nothing unlisted is open (R95, R96, R98, U13). */
export function authorize(
  ports: ProxyPorts,
  exchange: Received & {
    readonly token: LiveToken
    readonly route: Route
    readonly method: string
    readonly path: string
  },
): Result<{ scope: string }, Failure> {
  const { call, token, route, method, path } = exchange
  const verdict = route.scopeMap.admit(method, path, token.scopes)
  if (verdict.allowed) {
    const { limits } = token.grant
    const fault = limits && restrictionFault(ports, limits, call.ip, token)
    return fault ? fail(fault) : ok({ scope: verdict.scope })
  }
  return verdict.anyOf.length === 0
    ? fail({ reason: 'scope_unmapped', method, path })
    : fail({ reason: 'scope_not_granted', method, path, anyOf: verdict.anyOf })
}

/** Network and hours first: a call that they refuse does not count against the rate. Amounts are `guard`'s. */
function restrictionFault(
  { clock, limits: counted }: ProxyPorts,
  limits: CompiledRestrictions,
  ip: string,
  { clientId, userId, providerId }: LiveToken,
): Failure | undefined {
  const checked = limits.check({ ip, now: clock.now() })
  if (!checked.ok) return { reason: 'restricted', fault: checked.error }
  for (const rate of limits.rates) {
    // Not by grant: an agent that opens ten sessions for a person has no more than one that opens one.
    const over = counted.takeRate(rate, `${clientId} ${userId} ${providerId}`)
    if (over) return { reason: 'rate_limited', ...over }
  }
  return undefined
}
