import type { UserId } from '@ath-protocol/types'

/** A person as the log-in said. */
export interface Person {
  readonly id: UserId
  readonly issuer: string
  readonly subject: string
  readonly name?: string
  readonly email?: string
}

/** A browser that signed in. The cookie's value is random; only its SHA-256 is kept. */
export interface LoginSession {
  readonly hash: string
  readonly userId: UserId
  /** Bound into every form this browser gets. */
  readonly csrfToken: string
  /** When the person proved who they are: at the identity provider, where it says so. */
  readonly createdAt: number
  readonly expiresAt: number
}

/** A log-in on its way to the identity provider and back. */
export interface LoginFlow {
  /** SHA-256 of the state sent along. */
  readonly stateHash: string
  /** SHA-256 of the cookie that binds the flow to this browser. */
  readonly bindingHash: string
  /** Stores seal these two at rest. */
  readonly codeVerifier: string
  readonly nonce: string
  /** A path on this gateway, checked when it was stored. */
  readonly returnTo: string
  readonly expiresAt: number
}

/** Users, their browsers' sessions and pending log-ins. Durable when a method returns. */
export interface LoginStore {
  ensureUser(person: Omit<Person, 'id'>): Promise<Person>
  findUser(id: UserId): Promise<Person | undefined>
  insertSession(session: LoginSession): Promise<void>
  findSession(hash: string): Promise<LoginSession | undefined>
  removeSession(hash: string): Promise<void>
  insertFlow(flow: LoginFlow): Promise<void>
  /** Takes and forgets: a state works once. */
  takeFlow(stateHash: string): Promise<LoginFlow | undefined>
  sweep(before: number): Promise<number>
}
