import type { HeaderList } from '../proxy/headers.ts'
import type { Failure, Result } from '@ath-protocol/types'
import type { Unsealed } from '../story/encrypted.ts'
import type { ProxyCall, Route } from '../story/exchange.ts'
import type { LiveToken } from '../story/live-token.ts'

/** The call that a credential is for; what was encrypted (U10) is open by now. */
export interface AskedCall {
  readonly call: ProxyCall
  readonly route: Pick<Route, 'basePath'>
  readonly method: string
  readonly path: string
  readonly unsealed: Unsealed | undefined
}

/** How the gateway shows itself, or the user, to one upstream. */
export interface Credential {
  /** Header names, lower case, that only the gateway may set there: the agent's own are dropped. */
  readonly reserved: ReadonlySet<string>
  /** Headers to add to a call for `path`. At once where it can. Failures: `upstream_credential`, `dependency_down`. */
  mint(
    token: LiveToken,
    path: string,
    asked: AskedCall,
  ): Result<HeaderList, Failure> | Promise<Result<HeaderList, Failure>>
  /** For credentials that an answer can end or change. */
  readonly session?: UpstreamSession
}

/** A log-in at the upstream that lives as long as the upstream likes. */
export interface UpstreamSession {
  /** Whether this answer says that the log-in which `sent` stood for is over, and a new one may help. */
  isOver(status: number, headers: HeaderList, sent: HeaderList): boolean
  /** Logs in again, once for all who ask at the same time. */
  renew(sent: HeaderList, path: string): Promise<Result<HeaderList, Failure>>
  /** Takes note of an answer's cookies. */
  seen(headers: HeaderList, path: string): void
}
