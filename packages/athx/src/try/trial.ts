import type { PendingHandshake } from '@ath-protocol/client'
import type { ExchangeLog } from './exchange-log.ts'
import type { KnownRoutes } from './known-routes.ts'

/** One try: of which app, with what, and how the person answers. */
export interface Trial {
  readonly service: string
  /** Default: every scope on offer. */
  readonly scopes: readonly string[] | undefined
  /** Paths that the person named, to be called with GET. */
  readonly paths: readonly string[]
  /** From the app’s own configuration. */
  readonly knownRoutes: (appId: string) => KnownRoutes | undefined
  /** Who answers the question: we, at a development log-in; or a person, in a browser. */
  readonly consent: 'auto' | 'open' | 'print'
  readonly waitSeconds: number | undefined
  readonly timeoutSeconds: number | undefined
  readonly sayQuestion: (asked: PendingHandshake) => void
  readonly sayWaiting: (elapsedSeconds: number) => void
  readonly log: ExchangeLog
  readonly signal: AbortSignal
  readonly now: () => number
}
