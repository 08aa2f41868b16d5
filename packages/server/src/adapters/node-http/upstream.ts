import http from 'node:http'
import https from 'node:https'
import type { Failure } from '@ath-protocol/types'
import { UploadFailed } from '../../transport/upload-failed.ts'
import type {
  Upstream,
  UpstreamCall,
  UpstreamEvents,
  UpstreamRequest,
  UpstreamSettings,
} from '../../transport/upstream.ts'

/** The way to an app by `node:http`: nothing is decoded, followed or repeated. */
export function openHttpUpstream(settings: Omit<UpstreamSettings, 'ca'>): Upstream {
  const { origin } = settings
  const client = origin.protocol === 'https:' ? https : http
  const agent = new client.Agent({ keepAlive: true })
  return {
    dispatch: (request, events) => new HttpCall(client, agent, settings, request, events),
    close: async () => agent.destroy(),
  }
}

class HttpCall implements UpstreamCall {
  readonly #outgoing: http.ClientRequest
  readonly #events: UpstreamEvents
  #incoming: http.IncomingMessage | undefined
  #over = false

  constructor(
    client: typeof http | typeof https,
    agent: http.Agent | https.Agent,
    { origin, headersTimeoutSeconds, idleTimeoutSeconds }: Omit<UpstreamSettings, 'ca'>,
    { method, path, headers, body }: UpstreamRequest,
    events: UpstreamEvents,
  ) {
    this.#events = events
    const length = body && ('stream' in body ? body.length : body.length)
    const framing =
      length === undefined
        ? body
          ? ['transfer-encoding', 'chunked']
          : []
        : ['content-length', String(length)]
    const outgoing = client.request({
      agent,
      hostname: origin.hostname.replace(/^\[|\]$/g, ''),
      ...(origin.port === '' ? {} : { port: origin.port }),
      method,
      path,
      headers: ['host', origin.host, ...headers, ...framing] as unknown as http.OutgoingHttpHeaders,
    })
    this.#outgoing = outgoing
    const late = setTimeout(
      () =>
        this.#fail({
          reason: 'upstream_timeout',
          after: 'headers',
          limitSeconds: headersTimeoutSeconds,
        }),
      headersTimeoutSeconds * 1000,
    )
    outgoing.on('close', () => clearTimeout(late))
    outgoing.on('error', (cause) => this.#fail(unreachable(cause)))
    outgoing.on('response', (incoming) => {
      clearTimeout(late)
      this.#take(incoming, idleTimeoutSeconds)
    })
    if (!body) outgoing.end()
    else if (!('stream' in body)) outgoing.end(body)
    else {
      body.stream.on('error', (cause: unknown) =>
        this.#fail(cause instanceof UploadFailed ? cause.failure : { reason: 'caller_aborted' }),
      )
      body.stream.pipe(outgoing)
    }
  }

  resume(): void {
    this.#incoming?.resume()
  }

  abort(): void {
    this.#over = true
    this.#outgoing.destroy()
  }

  #take(incoming: http.IncomingMessage, idleSeconds: number): void {
    this.#incoming = incoming
    if (idleSeconds > 0)
      incoming.setTimeout(idleSeconds * 1000, () =>
        this.#fail({ reason: 'upstream_timeout', after: 'body', limitSeconds: idleSeconds }),
      )
    incoming.on('data', (chunk: Buffer) => {
      if (!this.#over && !this.#events.data(chunk)) incoming.pause()
    })
    incoming.on('end', () => {
      if (this.#over) return
      this.#over = true
      this.#events.ended(incoming.rawTrailers)
    })
    incoming.on('close', () => {
      if (!incoming.complete)
        this.#fail({ reason: 'upstream_protocol', cause: 'the answer broke off' })
    })
    if (!this.#over) this.#events.answered(incoming.statusCode ?? 502, incoming.rawHeaders)
  }

  #fail(failure: Failure): void {
    if (this.#over) return
    this.#over = true
    this.#outgoing.destroy()
    this.#events.failed(failure)
  }
}

const unreachable = (cause: Error): Failure => ({
  reason: 'upstream_unreachable',
  cause: 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message,
})
