import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Received, Route } from './exchange.ts'
import type { LiveToken } from './live-token.ts'

/** Whether a scope of the token opens this method and path; nothing unlisted is open (R95, R96, R98). */
export function authorize(
  _: ProxyPorts,
  exchange: Received & {
    readonly token: LiveToken
    readonly route: Route
    readonly path: string
  },
): Result<{ scope: string }, Failure> {
  const { call, token, route, path } = exchange
  const verdict = route.scopeMap.admit(call.method, path, token.scopes)
  if (verdict.allowed) return ok({ scope: verdict.scope })
  const { method } = call
  return verdict.anyOf.length === 0
    ? fail({ reason: 'scope_unmapped', method, path })
    : fail({ reason: 'scope_not_granted', method, path, anyOf: verdict.anyOf })
}
