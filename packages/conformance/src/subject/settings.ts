import type { Consent } from '../consent/consent.ts'
import type { Agent } from '../agent/agent.ts'
import type { DocumentHost } from '../agent/document-host.ts'
import type { Recorder } from '../wire/evidence.ts'
import type { Send } from '../wire/http.ts'

export type Mode = 'gateway' | 'native'

/** A method and a path, as `GET /items`. */
export interface Call {
  readonly method: string
  /** Below the provider in gateway mode, below `api_base` in native mode, where it may begin with the path of `api_base`. */
  readonly path: string
}

/** A person who holds a key of their own at the subject: they sign credentials and answer questions (nine steps). */
export interface UserKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

/** What one run is about. Nothing in here changes while it lasts. */
export interface Settings {
  /** Public base URL of the subject, without a slash at its end. */
  readonly base: string
  readonly mode: Mode
  /** Default: the first that discovery names. */
  readonly provider?: string
  /** Default: all that discovery names for it. */
  readonly scopes?: readonly string[]
  /** A call that the scopes open. */
  readonly call: Call
  /** Whether the run named it; else it is a guess, which may open nothing. */
  readonly isCallGiven: boolean
  /** A call that no scope opens. */
  readonly refusedCall: Call
  /** A path that answers with the request it got, as `{ method, headers, data }`, for any method. */
  readonly echo?: string
  readonly consent?: Consent
  /** Serves identity documents; without it there is one agent, `agent`. */
  readonly documents?: DocumentHost
  readonly agent?: Agent
  /** Of an agent that was registered before this run. */
  readonly credentials?: { readonly clientId: string; readonly clientSecret: string }
  readonly userKey?: UserKey
  /** How long a verifier may wait for an identity document (R25). */
  readonly patienceSeconds: number
  readonly send: Send
  readonly recorder: Recorder
}
