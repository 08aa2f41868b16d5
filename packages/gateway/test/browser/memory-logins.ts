import type { LoginFlow, LoginSession, LoginStore, Person } from '@ath-protocol/server/parts'

/** Log-ins in process memory, to the letter of the port: each method is one step, a flow is taken once. */
export function createMemoryLogins(): LoginStore & {
  readonly sessions: Map<string, LoginSession>
} {
  const people = new Map<string, Person>()
  const sessions = new Map<string, LoginSession>()
  const flows = new Map<string, LoginFlow>()
  return {
    sessions,
    async ensureUser(person) {
      const key = JSON.stringify([person.issuer, person.subject])
      const known = people.get(key) ?? { ...person, id: `usr_${people.size + 1}` }
      people.set(key, { ...known, ...person })
      return { ...known, ...person }
    },
    findUser: async (id) => [...people.values()].find((person) => person.id === id),
    async insertSession(session) {
      sessions.set(session.hash, session)
    },
    findSession: async (hash) => sessions.get(hash),
    async removeSession(hash) {
      sessions.delete(hash)
    },
    async insertFlow(flow) {
      flows.set(flow.stateHash, flow)
    },
    async takeFlow(stateHash) {
      const flow = flows.get(stateHash)
      flows.delete(stateHash)
      return flow
    },
    async sweep(before) {
      const old = (entries: Map<string, { expiresAt: number }>) =>
        [...entries]
          .filter(([, { expiresAt }]) => expiresAt < before)
          .map(([key]) => entries.delete(key))
      return old(sessions).length + old(flows).length
    },
  }
}
