import { distinctRestrictions } from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentRequest } from '../ports/consents.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { Registration } from '../ports/registry.ts'
import { restrictionsOf } from '../grant/restrictions-of.ts'
import { newConsentId, riskOf } from './consent-request.ts'

/** The question of a two-phase handshake: decided by whoever opens the agent's link and signs in; so nobody is named, and nobody is notified. */
export function twoPhaseConsent(
  ports: AthPorts,
  handshake: Handshake,
  agent: Registration,
): ConsentRequest {
  const { providerId, requestedScopes } = handshake
  const requested = requestedScopes.map((name) => ({ providerId, name }))
  return {
    id: newConsentId(ports),
    handshake: { kind: 'two_phase', id: handshake.id },
    clientId: agent.clientId,
    agentId: agent.agentId,
    requested,
    // The stage before refused every request for more than the service approved.
    offered: requested,
    ...(agent.purpose === undefined ? {} : { words: agent.purpose }),
    risk: riskOf(ports.config, requested),
    restrictions: distinctRestrictions(restrictionsOf(ports.config, agent, [providerId])),
    longestSeconds: ports.config.grantLifetimeSeconds,
    createdAt: handshake.createdAt,
    expiresAt: handshake.expiresAt,
  }
}
