import type { IncomingMessage, ServerResponse } from 'node:http'
import { passableTrailers } from '@ath-protocol/server'
import { type Clock, type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type {
  CallBody,
  OpenCall,
  ProxyCall,
  ProxyTarget,
  StreamedBody,
} from '@ath-protocol/server/parts'
import type { Head } from './head.ts'
import { Upload } from './upload.ts'

/** Up to here a body of known length is handed over in one piece: cheaper than a stream. */
const wholeBytes = 64 * 1024
/** A caller that neither sends nor takes a byte for so long is gone. */
const stallSeconds = 60

const none: CallBody = { kind: 'none' }

/** A proxied call as it came over a socket. */
export class InboundCall implements ProxyCall {
  readonly method: string
  readonly providerId: string
  readonly target: string
  readonly rawPath: string
  readonly query: string
  readonly headers: readonly string[]
  readonly authorization: string | undefined
  readonly agentHeader: string | undefined
  readonly longLived: boolean
  readonly ip: string
  readonly body: CallBody
  readonly startedAt: number
  bytesIn = 0
  open: OpenCall | undefined
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #clock: Clock
  readonly #expectsContinue: boolean
  #movedAt: number
  #cancel: ((failure: Failure) => void) | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    known: {
      readonly target: ProxyTarget
      readonly head: Head
      readonly ip: string
      readonly clock: Clock
      readonly startedAt: number
      readonly expectsContinue: boolean
    },
  ) {
    const { target, head } = known
    this.method = request.method as string
    this.providerId = target.providerId
    this.target = target.target
    this.rawPath = target.rawPath
    this.query = target.query
    this.headers = request.rawHeaders
    this.authorization = head.authorization
    this.agentHeader = head.agentId
    this.longLived = head.wantsEvents
    this.ip = known.ip
    this.startedAt = known.startedAt
    this.#movedAt = known.startedAt
    this.#request = request
    this.#response = response
    this.#clock = known.clock
    this.#expectsContinue = known.expectsContinue
    this.body = this.#readBody(head)
  }

  opened(call: OpenCall): void {
    this.open = call
    // The caller may have left while the token was looked up.
    if (this.#response.destroyed) call.stop({ reason: 'caller_aborted' })
  }

  /** A byte went through, either way. */
  moved(): void {
    this.#movedAt = this.#clock.now()
  }

  stalled(now: number): Failure | undefined {
    if (now - this.#movedAt < stallSeconds) return undefined
    const sending = this.#cancel !== undefined && !this.#request.complete
    const waitsForCaller =
      (sending && !this.#request.isPaused()) || this.#response.writableNeedDrain
    return waitsForCaller ? { reason: 'caller_aborted' } : undefined
  }

  #readBody({ contentLength, chunked, announcesTrailers }: Head): CallBody {
    if (!chunked && !contentLength) return none
    const cancel = (failure: Failure) => this.#cancel?.(failure)
    if (!chunked && contentLength !== undefined && contentLength <= wholeBytes)
      return { kind: 'whole', length: contentLength, take: () => this.#take(), cancel }
    const open = (maxBytes: number, reserved: ReadonlySet<string>): StreamedBody => {
      const stream = new Upload(this.#request, {
        maxBytes,
        begin: () => this.#goOn(),
        progress: (bytes) => {
          this.bytesIn += bytes
          this.moved()
        },
      })
      this.#cancel = (failure) => stream.fail(failure)
      const trailers = () => passableTrailers(this.#request.rawTrailers, reserved)
      return { stream, length: contentLength, trailers: announcesTrailers ? trailers : undefined }
    }
    return { kind: 'stream', length: contentLength, open, cancel }
  }

  #take(): Promise<Result<Uint8Array, Failure>> {
    const request = this.#request
    const chunks: Buffer[] = []
    this.#goOn()
    return new Promise((resolve) => {
      this.#cancel = (failure) => resolve(fail(failure))
      request.on('data', (chunk: Buffer) => {
        this.bytesIn += chunk.length
        this.moved()
        chunks.push(chunk)
      })
      request.once('end', () => {
        resolve(ok(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
      })
      request.once('close', () => {
        if (!request.complete) resolve(fail({ reason: 'caller_aborted' }))
      })
    })
  }

  /** Only now, with everything decided, is the caller told to send (RFC 9110 §10.1.1). */
  #goOn(): void {
    if (this.#expectsContinue) this.#response.writeContinue()
  }
}
