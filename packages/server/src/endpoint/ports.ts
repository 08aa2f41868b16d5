import type { Clock, Random } from '@ath-protocol/types'
import type { AthConfig } from '../config.ts'
import type { AttestationVerifier } from '../ports/attestations.ts'
import type { AuditSink } from '../ports/audit.ts'
import type { ConsentDesk, UserDirectory } from '../ports/consent-desk.ts'
import type { ConsentStore } from '../ports/consents.ts'
import type { GrantStore, TokenStore } from '../ports/grants.ts'
import type { HandshakeStore } from '../ports/handshakes.ts'
import type { RateLimits } from '../ports/limits.ts'
import type { LiveChanges } from '../ports/live.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'
import type { OAuthBridge } from '../ports/oauth.ts'
import type { ProviderTokenStore } from '../ports/provider-tokens.ts'
import type { AgentRegistry } from '../ports/registry.ts'

/** Everything the ATH endpoints stand on. The composition root chooses each. */
export interface AthPorts {
  readonly config: AthConfig
  readonly clock: Clock
  readonly random: Random
  readonly registry: AgentRegistry
  readonly handshakes: HandshakeStore
  readonly consents: ConsentStore
  readonly grants: GrantStore
  readonly tokens: TokenStore
  readonly providerTokens: ProviderTokenStore
  readonly attestations: AttestationVerifier
  readonly oauth: OAuthBridge
  readonly users: UserDirectory
  /** Absent where only the upstream's OAuth server asks the user (native mode). */
  readonly desk?: ConsentDesk
  /** Absent: the nine-step handshake is not offered. */
  readonly nineStep?: NineStepPorts
  readonly audit: AuditSink
  readonly limits: RateLimits
  readonly live: LiveChanges
  /** Where the cause of a bug goes; answers never show it. */
  readonly report: (cause: unknown, recordId: string) => void
}
