import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { ProxyPorts, Received, Route } from './exchange.ts'

/** Whether the call may be sent as it is: its size, and that its record can be kept. */
export function guard(
  { audit }: ProxyPorts,
  { call, route }: Received & { readonly route: Route },
): Result<{ maxBodyBytes: number }, Failure> {
  // Last look before anything leaves: what was sent cannot be unsent.
  if (!audit.healthy)
    return fail({ reason: 'dependency_down', dependency: 'audit', cause: 'the last record failed' })
  const { maxRequestBytes } = route
  const { body } = call
  if (body.kind !== 'none' && (body.length ?? 0) > maxRequestBytes)
    return fail({ reason: 'body_over_limit', limitBytes: maxRequestBytes })
  return ok({ maxBodyBytes: maxRequestBytes })
}
