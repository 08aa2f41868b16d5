import type { AthConfig, Registration } from '@ath-protocol/server'
import { type ApprovedProvider, fail, ok, type Result } from '@ath-protocol/types'
import { suggest } from '@ath-protocol/server/parts'
import type { AdminFault } from './ports.ts'

/** A scope as an operator names it: alone, or as the records do, with its provider before it. */
const isNamed = (text: string, providerId: string, scope: string) =>
  text === scope || text === `${providerId}/${scope}`

/**
 * What approving an agent gives it: of what it requested, what the providers here have, narrowed to `chosen` where the
 * operator chose. Never more: a chosen scope that was not requested is refused, not ignored.
 */
export function decideScopes(
  agent: Registration,
  providers: AthConfig['providers'],
  chosen: readonly string[] | undefined,
): Result<readonly ApprovedProvider[], AdminFault> {
  const requested = requestedByProvider(agent)
  for (const text of chosen ?? []) {
    const meant = requested.flatMap(([providerId, scopes]) =>
      scopes
        .filter((scope) => isNamed(text, providerId, scope))
        .map((scope) => `${providerId}/${scope}`),
    )
    if (meant.length === 0)
      return fail({
        status: 400,
        problem: `the agent did not request \`${text}\``,
        fix: suggest(text, [...new Set(requested.flatMap(([, scopes]) => scopes))]),
      })
    if (meant.length > 1)
      return fail({
        status: 400,
        problem: `\`${text}\` was requested of more than one provider`,
        fix: `name the one you mean: ${meant.join(' or ')}`,
      })
  }
  const approvals = requested.map(([providerId, scopes]): ApprovedProvider => {
    const known = new Set(providers.get(providerId)?.scopes.map(({ name }) => name))
    const approved = scopes.filter(
      (scope) =>
        known.has(scope) &&
        (chosen === undefined || chosen.some((text) => isNamed(text, providerId, scope))),
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
