import type { AthConfig, Registration } from '@ath-protocol/server'
import { type ApprovedProvider, fail, ok, type Result } from '@ath-protocol/types'
import { suggest } from '../config/nearest.ts'
import type { AdminFault } from './ports.ts'

/**
 * What approving an agent gives it: of what it requested, what the providers here have, narrowed to `chosen` where the
 * operator chose. Never more: a chosen scope that was not requested is refused, not ignored.
 */
export function decideScopes(
  agent: Registration,
  providers: AthConfig['providers'],
  chosen: readonly string[] | undefined,
): Result<readonly ApprovedProvider[], AdminFault> {
  const requested = new Set(agent.requested.flatMap(({ scopes }) => scopes))
  const stranger = chosen?.find((scope) => !requested.has(scope))
  if (stranger !== undefined)
    return fail({
      status: 400,
      problem: `the agent did not request \`${stranger}\``,
      fix: suggest(stranger, [...requested]),
    })
  const approvals = requestedByProvider(agent).map(([providerId, scopes]): ApprovedProvider => {
    const known = new Set(providers.get(providerId)?.scopes.map(({ name }) => name))
    const approved = scopes.filter(
      (scope) => known.has(scope) && (chosen === undefined || chosen.includes(scope)),
    )
    const denied = scopes.filter((scope) => !approved.includes(scope))
    const reason = providers.has(providerId)
      ? 'not allowed by the operator'
      : 'there is no such provider here'
    return {
      provider_id: providerId,
      approved_scopes: approved,
      denied_scopes: denied,
      ...(denied.length === 0 ? {} : { denial_reason: reason }),
    }
  })
  if (approvals.every(({ approved_scopes }) => approved_scopes.length === 0))
    return fail({
      status: 409,
      problem: 'no scope is left that the agent requested and a provider here has',
      fix: 'deny the agent, or add the scope to the configuration',
    })
  return ok(approvals)
}

/** Everything requested, denied. */
export function denyScopes(agent: Registration, because: string): readonly ApprovedProvider[] {
  return requestedByProvider(agent).map(([providerId, scopes]) => ({
    provider_id: providerId,
    approved_scopes: [],
    denied_scopes: [...scopes],
    denial_reason: because,
  }))
}

/** The same provider asked twice is one question. */
function requestedByProvider(agent: Registration): readonly (readonly [string, string[]])[] {
  const merged = new Map<string, Set<string>>()
  for (const { providerId, scopes } of agent.requested)
    merged.set(providerId, new Set([...(merged.get(providerId) ?? []), ...scopes]))
  return [...merged].map(([providerId, scopes]) => [providerId, [...scopes]])
}
