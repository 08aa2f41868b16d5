import {
  type ProviderScope,
  qualifiedScope,
  type ScopeRequest,
  scopesByQualifiedName,
} from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import type { NineStepHandshake } from '../ports/nine-step.ts'
import type { Registration } from '../ports/registry.ts'

/** Step 5 of a handshake that has come so far. */
export function requestOf({ transcript }: NineStepHandshake): ScopeRequest {
  return JSON.parse(transcript.m5 ?? 'null') as ScopeRequest
}

/** Every scope of this server, by the name that the nine-step handshake gives it. */
export function supportedScopes(config: AthConfig): ReadonlyMap<string, ProviderScope> {
  return scopesByQualifiedName(config.providers.values())
}

/** What the service approved for an agent, by those names. */
export function approvedQualified(
  config: AthConfig,
  agent: Pick<Registration, 'approvals'>,
): ReadonlySet<string> {
  return new Set(
    agent.approvals
      .filter(({ provider_id }) => config.providers.has(provider_id))
      .flatMap(({ provider_id, approved_scopes }) =>
        approved_scopes.map((name) => qualifiedScope({ providerId: provider_id, name })),
      ),
  )
}
