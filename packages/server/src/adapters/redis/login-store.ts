import { prefix as idPrefix, type Random } from '@ath-protocol/types'
import type { LoginFlow, LoginSession, LoginStore, Person } from '../../ports/logins.ts'
import type { Seal } from '../../ports/seal.ts'
import { compound, createTable, type RedisPorts } from './table.ts'

interface SessionRow extends Omit<LoginSession, 'csrfToken'> {
  readonly sealedCsrfToken: string
}

interface FlowRow extends Omit<LoginFlow, 'codeVerifier' | 'nonce' | 'returnTo'> {
  readonly sealedCodeVerifier: string
  readonly sealedNonce: string
  /** It may hold the opaque part of an authorization URL, of which only a hash may be kept. */
  readonly sealedReturnTo: string
}

export function createLoginStore(ports: RedisPorts, seal: Seal, random: Random): LoginStore {
  const users = createTable<Person>(ports, {
    name: 'user',
    idOf: ({ id }) => id,
    unique: ({ issuer, subject }) => ({ person: compound(issuer, subject) }),
  })
  const sessions = createTable<SessionRow>(ports, {
    name: 'loginSession',
    idOf: ({ hash }) => hash,
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  const flows = createTable<FlowRow>(ports, {
    name: 'loginFlow',
    idOf: ({ stateHash }) => stateHash,
    due: ({ expiresAt }) => ({ ends: expiresAt }),
  })
  return {
    async ensureUser({ issuer, subject, name, email }) {
      const news = {
        ...(name === undefined ? {} : { name }),
        ...(email === undefined ? {} : { email }),
      }
      for (;;) {
        const known = await users.findUnique('person', compound(issuer, subject))
        const updated = known && (await users.update(known.id, (row) => ({ ...row, ...news })))
        if (updated) return updated
        const person = { id: `${idPrefix.user}${random.token(16)}`, issuer, subject, ...news }
        if (await users.insert(person)) return person
      }
    },
    findUser: (id) => users.find(id),
    async insertSession({ csrfToken, ...session }) {
      if (!(await users.find(session.userId))) throw new Error('no user with this id is stored')
      const sealedCsrfToken = seal.seal(csrfToken, csrfContext(session.hash))
      if (!(await sessions.insert({ ...session, sealedCsrfToken })))
        throw new Error('a log-in session with this hash is stored already')
    },
    async findSession(hash) {
      const row = await sessions.find(hash)
      if (!row) return undefined
      const { sealedCsrfToken, ...session } = row
      return { ...session, csrfToken: seal.open(sealedCsrfToken, csrfContext(hash)) }
    },
    async removeSession(hash) {
      await sessions.remove(hash)
    },
    async insertFlow({ codeVerifier, nonce, returnTo, ...flow }) {
      const context = flowContexts(flow.stateHash)
      const row = {
        ...flow,
        sealedCodeVerifier: seal.seal(codeVerifier, context.codeVerifier),
        sealedNonce: seal.seal(nonce, context.nonce),
        sealedReturnTo: seal.seal(returnTo, context.returnTo),
      }
      if (!(await flows.insert(row))) throw new Error('a log-in with this state is stored already')
    },
    async takeFlow(stateHash) {
      const row = await flows.remove(stateHash)
      if (!row) return undefined
      const { sealedCodeVerifier, sealedNonce, sealedReturnTo, ...flow } = row
      const context = flowContexts(stateHash)
      return {
        ...flow,
        codeVerifier: seal.open(sealedCodeVerifier, context.codeVerifier),
        nonce: seal.open(sealedNonce, context.nonce),
        returnTo: seal.open(sealedReturnTo, context.returnTo),
      }
    },
    sweep: async (before) => (await sessions.sweep(before)) + (await flows.sweep(before)),
  }
}

const csrfContext = (hash: string) => `loginSessions.csrfToken:${hash}`

const flowContexts = (stateHash: string) => ({
  codeVerifier: `loginFlows.codeVerifier:${stateHash}`,
  nonce: `loginFlows.nonce:${stateHash}`,
  returnTo: `loginFlows.returnTo:${stateHash}`,
})
