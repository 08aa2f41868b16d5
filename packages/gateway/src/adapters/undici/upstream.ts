import type { HeaderList } from '@ath-protocol/server'
import type { Failure } from '@ath-protocol/types'
import { type Dispatcher, Pool } from 'undici'
import type {
  Upstream,
  UpstreamCall,
  UpstreamEvents,
  UpstreamRequest,
  UpstreamSettings,
} from '@ath-protocol/server/parts'
import { dispatchWithTrailers } from '../node-http/with-trailers.ts'
import { failureOf, isStaleSocket } from './failure.ts'

/**
 * Upstreams through undici's `dispatch`, HTTP/1.1 only. Two pools without a cap: a cap makes streams wait for each
 * other for ever, and apart, ten thousand idle streams do not slow the search for a free connection.
 */
export function openUndiciUpstream(settings: UpstreamSettings): Upstream {
  const options: Pool.Options = {
    connect: {
      timeout: settings.connectTimeoutSeconds * 1000,
      ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    },
    allowH2: false,
    pipelining: 1,
    headersTimeout: settings.headersTimeoutSeconds * 1000,
    bodyTimeout: settings.idleTimeoutSeconds * 1000,
    maxHeaderSize: 64 * 1024,
  }
  const short = new Pool(settings.origin.origin, options)
  const long = new Pool(settings.origin.origin, options)
  return {
    dispatch(request, events) {
      // undici cannot send trailers.
      if (hasTrailers(request)) return dispatchWithTrailers(settings, request, events)
      const call = new Call(request.longLived ? long : short, request, events, settings)
      call.start()
      return call
    },
    async close() {
      await Promise.all([short.destroy(), long.destroy()])
    },
  }
}

function hasTrailers({ body }: UpstreamRequest): boolean {
  return body !== undefined && !(body instanceof Uint8Array) && body.trailers !== undefined
}

/** One call: undici's handler on one side, ours on the other. */
class Call implements Dispatcher.DispatchHandler, UpstreamCall {
  readonly #pool: Pool
  readonly #request: UpstreamRequest
  readonly #events: UpstreamEvents
  readonly #settings: UpstreamSettings
  #controller: Dispatcher.DispatchController | undefined
  #over = false
  #begun = false
  #repeated = false

  constructor(
    pool: Pool,
    request: UpstreamRequest,
    events: UpstreamEvents,
    settings: UpstreamSettings,
  ) {
    this.#pool = pool
    this.#request = request
    this.#events = events
    this.#settings = settings
  }

  start(): void {
    const { method, path, headers, body } = this.#request
    const streamed = body === undefined || body instanceof Uint8Array ? undefined : body
    const options = {
      method: method as Dispatcher.HttpMethod,
      path,
      headers:
        streamed?.length === undefined
          ? (headers as string[])
          : [...headers, 'content-length', String(streamed.length)],
      body: (streamed?.stream ?? body ?? null) as Dispatcher.DispatchOptions['body'],
    }
    try {
      this.#pool.dispatch(options as Dispatcher.DispatchOptions, this)
    } catch (cause) {
      this.#fail({ reason: 'upstream_protocol', cause: String((cause as Error).message) })
    }
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    this.#over = true
    this.#controller?.abort(new Error('aborted'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('aborted'))
  }

  onResponseStarted(): void {
    this.#begun = true
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 1xx: about our connection (100) or only a hint (103).
    if (this.#over || status < 200) return
    const coding = headers['transfer-encoding']
    if (coding !== undefined && String(coding).toLowerCase() !== 'chunked') {
      this.#fail({ reason: 'upstream_protocol', cause: 'transfer coding other than chunked' })
      this.#controller?.abort(new Error('aborted'))
      return
    }
    this.#events.answered(status, flat(headers))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over && !this.#events.data(chunk)) controller.pause()
  }

  onResponseEnd(
    _: Dispatcher.DispatchController,
    trailers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#over) return
    this.#over = true
    this.#events.ended(flat(trailers))
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#over) return
    if (this.#mayRepeat(error)) {
      this.#repeated = true
      this.start()
    } else this.#fail(failureOf(error, this.#settings))
  }

  #mayRepeat(error: Error): boolean {
    const { method, body } = this.#request
    const safe = (method === 'GET' || method === 'HEAD') && body === undefined
    return safe && !this.#repeated && !this.#begun && isStaleSocket(error)
  }

  #fail(failure: Failure): void {
    this.#over = true
    this.#events.failed(failure)
  }
}

function flat(headers: Record<string, string | string[] | undefined>): HeaderList {
  const list: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') list.push(name, value)
    else if (value !== undefined) for (const one of value) list.push(name, one)
  }
  return list
}
