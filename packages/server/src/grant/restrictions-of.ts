import type { Restrictions } from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import type { Registration } from '../ports/registry.ts'

/** Everything that limits a permission of this agent at these providers, beside its scopes (U13). */
export function restrictionsOf(
  config: AthConfig,
  agent: Pick<Registration, 'restrictions'>,
  providerIds: readonly string[],
): readonly (Restrictions | undefined)[] {
  return [
    config.restrictions,
    agent.restrictions,
    ...new Set(providerIds.map((id) => config.providers.get(id)?.restrictions)),
  ]
}
