import type { AgentRegistry, Registration } from '../../ports/registry.ts'
import { createTable, oldestFirst, type RedisPorts } from './table.ts'

export function createAgentRegistry(ports: RedisPorts): AgentRegistry {
  const table = createTable<Registration>(ports, {
    name: 'registration',
    idOf: ({ clientId }) => clientId,
    unique: ({ agentId }) => ({ agent: agentId }),
    lists: () => ['all'],
  })
  return {
    findByClientId: (clientId) => table.find(clientId),
    findByAgentId: (agentId) => table.findUnique('agent', agentId),
    insert: (registration) => table.insert(registration),
    update: async (clientId, changes) =>
      (await table.update(clientId, (known) => ({
        ...known,
        ...changes,
        clientId,
        agentId: known.agentId,
      }))) !== undefined,
    replace: async ({ clientId, agentId, status, decidedAt, secretHash }, registration) =>
      (await table.update(clientId, (known) =>
        known.status === status && known.decidedAt === decidedAt && known.secretHash === secretHash
          ? { ...registration, clientId, agentId }
          : undefined,
      )) !== undefined,
    async list(filter) {
      const all = await table.list('all')
      return all
        .filter(({ status }) => filter?.status === undefined || status === filter.status)
        .sort(
          oldestFirst(
            ({ registeredAt }) => registeredAt,
            ({ clientId }) => clientId,
          ),
        )
    },
  }
}
