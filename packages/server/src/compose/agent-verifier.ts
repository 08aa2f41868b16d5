import { createOutbound } from '../adapters/outbound/outbound.ts'
import { systemClock } from '../adapters/system/clock.ts'
import { createAttestationVerifier } from '../agent/verify-attestation.ts'
import { InMemoryReplayStore } from '../memory/replay-store.ts'
import type { AttestationVerifier } from '../ports/attestations.ts'
import type { ReplayStore } from '../ports/replay.ts'

export interface AgentVerifierOptions {
  /** http agent ids on loopback, development only. Default false. */
  readonly allowLoopbackHttp?: boolean
  /** Networks (CIDR) in which agents are looked up although they are not public. Default none. */
  readonly allowNetworks?: readonly string[]
  /** Where used attestations are noted; has to be shared where several processes answer. Default: in this process. */
  readonly replay?: ReplayStore
}

const timeoutSeconds = 5

/**
 * Verifies attestations against the key that each agent publishes at its address, which is fetched without being led
 * into private networks (R25). For servers that take agents without a gateway, such as an OAuth server.
 */
export function createAgentVerifier(options: AgentVerifierOptions = {}): AttestationVerifier {
  const allowLoopbackHttp = options.allowLoopbackHttp ?? false
  const { identityDocuments } = createOutbound({
    allowNetworks: options.allowNetworks ?? [],
    allowLoopbackHttp,
    connectTimeoutSeconds: timeoutSeconds,
    readTimeoutSeconds: timeoutSeconds,
  })
  return createAttestationVerifier({
    documents: identityDocuments,
    replay: options.replay ?? new InMemoryReplayStore(),
    clock: systemClock,
    allowLoopbackHttp,
  })
}
