import { prefix, type Random, type UserId } from '@ath-protocol/types'
import type { LoginFlow, LoginSession, LoginStore, Person } from '../ports/logins.ts'

/** Anybody can begin to sign in: room for so many at once, then the oldest gives way and its person begins again. */
const mostFlows = 10_000

/** People and their browsers in process memory: everybody signs in again after a restart. */
export class InMemoryLoginStore implements LoginStore {
  /** The browsers that are signed in, by hash of their cookie. */
  readonly sessions = new Map<string, LoginSession>()
  readonly #people = new Map<UserId, Person>()
  readonly #idOf = new Map<string, UserId>()
  readonly #flows = new Map<string, LoginFlow>()
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  async ensureUser(person: Omit<Person, 'id'>): Promise<Person> {
    const { issuer, subject, name, email } = person
    const key = JSON.stringify([issuer, subject])
    const id = this.#idOf.get(key) ?? `${prefix.user}${this.#random.token(16)}`
    const known: Person = {
      ...this.#people.get(id),
      id,
      issuer,
      subject,
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
    }
    this.#idOf.set(key, id)
    this.#people.set(id, known)
    return known
  }

  async findUser(id: UserId): Promise<Person | undefined> {
    return this.#people.get(id)
  }

  async insertSession(session: LoginSession): Promise<void> {
    if (!this.#people.has(session.userId)) throw new Error('no user with this id is stored')
    this.sessions.set(session.hash, session)
  }

  async findSession(hash: string): Promise<LoginSession | undefined> {
    return this.sessions.get(hash)
  }

  async removeSession(hash: string): Promise<void> {
    this.sessions.delete(hash)
  }

  async insertFlow(flow: LoginFlow): Promise<void> {
    const oldest = this.#flows.size >= mostFlows ? this.#flows.keys().next().value : undefined
    if (oldest !== undefined) this.#flows.delete(oldest)
    this.#flows.set(flow.stateHash, flow)
  }

  async takeFlow(stateHash: string): Promise<LoginFlow | undefined> {
    const flow = this.#flows.get(stateHash)
    this.#flows.delete(stateHash)
    return flow
  }

  async sweep(before: number): Promise<number> {
    let swept = 0
    for (const entries of [this.sessions, this.#flows])
      for (const [key, { expiresAt }] of entries)
        if (expiresAt < before && entries.delete(key)) swept++
    return swept
  }
}
