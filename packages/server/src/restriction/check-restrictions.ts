import {
  type CompiledRestrictions,
  compileRestrictions,
  distinctRestrictions,
  type Failure,
  fail,
  ok,
  type ProviderId,
  type Restrictions,
  type Result,
} from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import type { AthPorts } from '../endpoint/ports.ts'

/** As much of an agent's registration and of a grant as limits what is done under them. */
export interface Restricted {
  readonly restrictions?: Restrictions | undefined
}
export interface RestrictedGrant {
  readonly providerId: ProviderId
  readonly restrictions?: readonly Restrictions[] | undefined
}

/**
 * Everything that limits calls under a grant (U13), ready to be asked: what held when the user agreed, and what the
 * configuration and the agent's registration say now. Undefined when nothing does.
 */
export function limitsOf(
  config: AthConfig,
  agent: Restricted,
  grant: RestrictedGrant,
): CompiledRestrictions | undefined {
  const all = distinctRestrictions([
    config.restrictions,
    agent.restrictions,
    config.providers.get(grant.providerId)?.restrictions,
    ...(grant.restrictions ?? []),
  ])
  return all.length === 0 ? undefined : compiled(all)
}

/** Many grants have the same few restrictions, and making them ready costs more than asking them. */
const known = new Map<string, CompiledRestrictions>()

function compiled(all: readonly Restrictions[]): CompiledRestrictions {
  const key = JSON.stringify(all)
  let ready = known.get(key)
  if (!ready) {
    ready = compileRestrictions(all)
    if (known.size >= 1000) known.clear()
    known.set(key, ready)
  }
  return ready
}

/**
 * Whether a token may be made for these grants now, for whoever asks from `ip`: while its network and hours let none of
 * them be used, an agent gets no token either. Rates and amounts are of calls, and are not asked here.
 */
export function checkMayIssue(
  ports: Pick<AthPorts, 'config' | 'clock'>,
  agent: Restricted,
  grants: readonly RestrictedGrant[],
  ip: string,
): Result<void, Failure> {
  const now = ports.clock.now()
  let first: Failure | undefined
  for (const grant of grants) {
    const checked = limitsOf(ports.config, agent, grant)?.check({ ip, now })
    if (checked === undefined || checked.ok) return ok(undefined)
    first ??= { reason: 'restricted', fault: checked.error }
  }
  return first ? fail(first) : ok(undefined)
}
