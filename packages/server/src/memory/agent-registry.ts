import type { AgentId, ClientId } from '@ath-protocol/types'
import type { AgentRegistry, Registration, RegistrationStatus } from '../ports/registry.ts'

/** Registrations in process memory: for development, tests and services that may forget them at a restart. */
export class InMemoryAgentRegistry implements AgentRegistry {
  readonly #byClient = new Map<ClientId, Registration>()
  readonly #clientOf = new Map<AgentId, ClientId>()

  async findByClientId(clientId: ClientId): Promise<Registration | undefined> {
    return this.#byClient.get(clientId)
  }

  async findByAgentId(agentId: AgentId): Promise<Registration | undefined> {
    const clientId = this.#clientOf.get(agentId)
    return clientId === undefined ? undefined : this.#byClient.get(clientId)
  }

  async insert(registration: Registration): Promise<boolean> {
    const { agentId, clientId } = registration
    if (this.#clientOf.has(agentId) || this.#byClient.has(clientId)) return false
    this.#byClient.set(clientId, registration)
    this.#clientOf.set(agentId, clientId)
    return true
  }

  async update(
    clientId: ClientId,
    changes: Partial<Omit<Registration, 'clientId' | 'agentId'>>,
  ): Promise<boolean> {
    const known = this.#byClient.get(clientId)
    if (!known) return false
    this.#byClient.set(clientId, { ...known, ...changes, clientId, agentId: known.agentId })
    return true
  }

  async replace(seen: Registration, registration: Registration): Promise<boolean> {
    const { clientId, agentId } = seen
    const known = this.#byClient.get(clientId)
    const isSeen =
      known?.status === seen.status &&
      known.decidedAt === seen.decidedAt &&
      known.secretHash === seen.secretHash
    if (isSeen) this.#byClient.set(clientId, { ...registration, clientId, agentId })
    return isSeen
  }

  async list(filter?: { readonly status?: RegistrationStatus }): Promise<readonly Registration[]> {
    return [...this.#byClient.values()]
      .filter(({ status }) => filter?.status === undefined || status === filter.status)
      .sort((a, b) => a.registeredAt - b.registeredAt)
  }
}
