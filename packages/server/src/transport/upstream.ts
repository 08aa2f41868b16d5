import type { HeaderList } from '../proxy/headers.ts'
import type { Failure } from '@ath-protocol/types'

/** A request body too long to hold, or of unknown length. Destroying `stream` does not touch the caller's socket. */
export interface StreamedBody {
  readonly stream: NodeJS.ReadableStream
  /** Undefined: chunked. */
  readonly length: number | undefined
  /** Set when the caller announced trailers; asked for once the stream has ended. */
  readonly trailers: (() => HeaderList) | undefined
}

/** One request to the system behind us. Everything in it has been decided and checked before. */
export interface UpstreamRequest {
  readonly method: string
  /** Origin form, base path and query included. */
  readonly path: string
  /** Without host and framing: those belong to the transport. */
  readonly headers: HeaderList
  readonly body: Uint8Array | StreamedBody | undefined
  /** The answer is expected to stay open (SSE): it must not take a place that short calls wait for. */
  readonly longLived: boolean
}

/** What comes back, in this order: `answered`, any `data`, then `ended`; or `failed` once, at any point, and nothing after. */
export interface UpstreamEvents {
  answered(status: number, headers: HeaderList): void
  /** False asks the transport to hold back until `resume`. The chunk may be kept. */
  data(chunk: Uint8Array): boolean
  ended(trailers: HeaderList): void
  /** `upstream_unreachable`, `upstream_timeout`, `upstream_protocol`, or whatever the body's stream failed with. */
  failed(failure: Failure): void
}

export interface UpstreamCall {
  resume(): void
  /** Ends the call now. No event follows. */
  abort(): void
}

/**
 * The way to one upstream. Nothing is repeated but a GET or HEAD that met a connection which the upstream had just
 * closed, before a byte of the answer came. Redirects are answers like others. TLS certificates are verified (R100).
 */
export interface Upstream {
  dispatch(request: UpstreamRequest, events: UpstreamEvents): UpstreamCall
  /** Ends all connections at once. */
  close(): Promise<void>
}

/** How one provider is reached. */
export interface UpstreamSettings {
  readonly origin: URL
  readonly connectTimeoutSeconds: number
  readonly headersTimeoutSeconds: number
  /** Longest silence between two chunks of the answer; 0: none. */
  readonly idleTimeoutSeconds: number
  /** PEM text of the CAs to trust instead of the system's. */
  readonly ca?: string
}
export type OpenUpstream = (settings: UpstreamSettings) => Upstream
