import type { RateLimits } from '../ports/limits.ts'
import type { HeaderList } from '../proxy/headers.ts'
import type { ScopeMap } from '../proxy/scope-map.ts'
import type { Clock, Failure, ProviderId, Result } from '@ath-protocol/types'
import type { Credential } from '../credentials/credential.ts'
import type { StreamedBody, Upstream } from '../transport/upstream.ts'
import type { InFlight, OpenCall } from './in-flight.ts'
import type { LiveTokens } from './live-tokens.ts'

/** A request to the proxy, as its surface read it. Nothing in it is trusted yet. */
export interface ProxyCall {
  readonly method: string
  readonly providerId: ProviderId
  /** Path and query as sent. */
  readonly target: string
  /** Behind the provider, without query; as sent. */
  readonly rawPath: string
  /** With its `?`, or empty. */
  readonly query: string
  readonly headers: HeaderList
  readonly authorization: string | undefined
  /** `X-ATH-Agent-ID`. */
  readonly agentHeader: string | undefined
  readonly ip: string
  readonly body: CallBody
  /** When it came, Unix seconds. */
  readonly startedAt: number
  /** The caller wants an answer that stays open (SSE). */
  readonly longLived: boolean
  /**
   * U10, where the surface does not take what is encrypted: `refused` because what is behind it answers in the clear,
   * `opened` because what was encrypted is open by now. Default: taken.
   */
  readonly encryption?: 'refused' | 'opened'
  /** From here on the call can be stopped from outside: by its caller leaving, by a revocation. */
  opened(call: OpenCall): void
  /** Why to give up on a caller that no longer sends or reads. */
  stalled(now: number): Failure | undefined
}

export type CallBody =
  | { readonly kind: 'none' }
  /** Short and of known length: handed over in one piece. */
  | {
      readonly kind: 'whole'
      readonly length: number
      /** Once. Failure: `caller_aborted`, or that of `cancel`. */
      take(): Promise<Result<Uint8Array, Failure>>
      cancel(failure: Failure): void
    }
  | {
      readonly kind: 'stream'
      readonly length: number | undefined
      /**
       * Once. The stream fails with `UploadFailed`: `body_over_limit`, `caller_aborted`, or that of `cancel`. Trailers
       * named in `reserved` are dropped like headers.
       */
      open(maxBytes: number, reserved: ReadonlySet<string>): StreamedBody
      cancel(failure: Failure): void
    }

/** Where requests say what an order costs (U13). */
export interface AmountFields {
  /** JSON pointers; empty for a request that orders nothing. `path` is normalised. */
  fieldsOf(method: string, path: string): readonly string[]
}

/** One system behind the gateway, ready for calls. */
export interface Route {
  readonly providerId: ProviderId
  readonly upstream: Upstream
  readonly scopeMap: ScopeMap
  /** Absent: nothing says where an order's amount is. */
  readonly amounts: AmountFields | undefined
  readonly credential: Credential
  /** Without trailing slash; may be empty. No request leaves it. */
  readonly basePath: string
  readonly maxRequestBytes: number
}

export interface ProxyPorts {
  readonly clock: Clock
  readonly limits: RateLimits
  readonly live: LiveTokens
  readonly inFlight: InFlight
  readonly routes: ReadonlyMap<ProviderId, Route>
  /** Whether decisions can be recorded; without it nothing is let through. */
  readonly audit: { readonly healthy: boolean }
}

/** What the story starts with. */
export interface Received {
  readonly call: ProxyCall
}
