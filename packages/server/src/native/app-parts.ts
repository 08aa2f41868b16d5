import type { Failure, Result } from '@ath-protocol/types'
import type { AthPorts } from '../endpoint/ports.ts'
import type { OAuthServer } from '../oauth/oauth-servers.ts'
import type { Seal } from '../ports/seal.ts'
import type { LoginStore } from '../ports/logins.ts'
import type { NineStepPorts } from '../ports/nine-step.ts'
import type { ReplayStore } from '../ports/replay.ts'
import type { ScopeMap } from '../proxy/scope-map.ts'
import type { ProxyPorts } from '../story/exchange.ts'
import type { InFlight } from '../story/in-flight.ts'
import type { Recorder } from '../story/record.ts'
import type { AthAnswer, AthCall } from '../wire/http.ts'
import type { NativeSettings } from './settings.ts'

/** An app's side of ATH, open. */
export interface AppParts {
  readonly settings: NativeSettings
  readonly ports: AthPorts
  readonly replay: ReplayStore
  readonly recorder: Recorder
  readonly inFlight: InFlight
  readonly logins: Pick<LoginStore, 'findUser'>
  readonly nineStep: NineStepPorts | undefined
  readonly seal: Seal
  /** What an agent's call is decided with, where this map says which scope opens it. */
  callPorts(scopeMap: ScopeMap): ProxyPorts
  /** The same for a call on the proxy path, which is sent on. */
  readonly proxyPorts: ProxyPorts
  findOAuthServer(): Promise<Result<OAuthServer, Failure>>
  /** ATH's own addresses but discovery and the proxy; undefined where there is nothing. */
  answer(call: AthCall): Promise<AthAnswer | undefined>
  close(): Promise<void>
}
