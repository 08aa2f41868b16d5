import type { ProviderDefinition } from '../config.ts'
import { approvedScopes } from '../endpoint/approved.ts'
import type { AthPorts } from '../endpoint/ports.ts'
import type { ConsentQuestion } from '../ports/consent-desk.ts'
import type { Handshake } from '../ports/handshakes.ts'
import type { Registration } from '../ports/registry.ts'
import type { AthCall } from '../wire/http.ts'

/** What the person is asked, from what the service approved and the agent requested (R70). */
export function consentQuestion(
  ports: AthPorts,
  call: AthCall,
  handshake: Handshake,
  agent: Registration,
  provider: ProviderDefinition,
): ConsentQuestion {
  const approved = approvedScopes(agent, provider.id) ?? []
  return {
    handshake,
    agent,
    provider: { id: provider.id, displayName: provider.displayName },
    scopes: provider.scopes.map(({ name, description }) => {
      const requested = handshake.requestedScopes.includes(name)
      const approvedByService = approved.includes(name)
      return {
        name,
        description,
        requested,
        approvedByService,
        offered: requested && approvedByService,
      }
    }),
    grantLifetimeSeconds: ports.config.grantLifetimeSeconds,
    formAction: call.path,
  }
}
