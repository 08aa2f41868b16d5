import type { IncomingMessage, ServerResponse } from 'node:http'
import { type HeaderList, passableTrailers } from '@ath-protocol/server'
import type { Clock, Failure } from '@ath-protocol/types'
import {
  EncryptedAnswer,
  encryptedHead,
  type InFlight,
  type ProxyOutcome,
  type Recorder,
  type Unsealed,
  type UpstreamAnswer,
} from '@ath-protocol/server/parts'
import type { InboundCall } from './inbound-call.ts'
import { discardRest, refuse } from './refuse.ts'

/** Up to here a body goes out in one write with its head; beyond it copying would cost more than it saves. */
const oneWriteBytes = 16 * 1024

/** Each byte as the character of that number: node joins text with the head, and writes the same bytes. */
const latin1 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1')

/** What a caller hears when its record could not be kept. */
export const recordLost: Failure = {
  reason: 'dependency_down',
  dependency: 'audit',
  cause: 'the record could not be kept',
}

export interface ExchangeDeps {
  readonly clock: Clock
  readonly recorder: Recorder
  readonly inFlight: InFlight
  /** Records are on disk before an answer ends. Default false: they are written in batches. */
  readonly durable?: boolean
  /** Where the cause of a bug goes; answers never show it. */
  readonly report?: (cause: unknown, recordId: string | undefined) => void
}

/** One call on its socket: turns the story's outcome into an answer and one record. */
export class Exchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #call: InboundCall
  readonly #deps: ExchangeDeps
  #told: ProxyOutcome | undefined
  #answer: UpstreamAnswer | undefined
  #bytesOut = 0
  #over = false

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    call: InboundCall,
    deps: ExchangeDeps,
  ) {
    this.#request = request
    this.#response = response
    this.#call = call
    this.#deps = deps
    response.on('close', () => {
      if (!this.#over) call.open?.stop({ reason: 'caller_aborted' })
    })
  }

  settle(told: ProxyOutcome): void {
    this.#told = told
    if (!told.result.ok) {
      this.#refuse(told.result.error)
      return
    }
    const { answer, answerHeaders, unsealed } = told.result.value
    this.#answer = answer
    if (unsealed) {
      this.#sendEncrypted(unsealed.reply, answerHeaders)
      return
    }
    const whole = answer.complete()
    if (whole && whole.trailers.length === 0) this.#sendWhole(answerHeaders, whole.body)
    else this.#sendStream(answerHeaders)
  }

  #sendWhole(headers: string[], body: Uint8Array | undefined): void {
    this.#bytesOut = body?.length ?? 0
    this.#conclude(
      () => {
        if (!this.#writeHead(headers)) return
        if (body && body.length <= oneWriteBytes) this.#response.end(latin1(body), 'latin1')
        else this.#response.end(body)
        discardRest(this.#request)
      },
      () => refuse(this.#request, this.#response, recordLost, undefined),
    )
  }

  #sendStream(headers: string[]): void {
    const answer = this.#answer as UpstreamAnswer
    const response = this.#response
    if (!this.#writeHead(headers)) return
    response.on('drain', () => {
      this.#call.moved()
      answer.resume()
    })
    answer.pipe({
      data: (chunk) => {
        this.#bytesOut += chunk.length
        if (response.destroyed) return false
        const ready = response.write(chunk)
        if (!ready) this.#call.moved()
        return ready
      },
      ended: (trailers) =>
        this.#conclude(
          () => {
            this.#addTrailers(trailers)
            response.end()
            discardRest(this.#request)
          },
          () => response.destroy(),
        ),
      failed: (failure) => {
        this.#record(failure)
        // A clean end would make half an answer look whole.
        response.destroy()
      },
    })
    if (!this.#over && this.#bytesOut === 0) response.flushHeaders()
  }

  /** One encrypted piece a line (U10). What the upstream said, status and headers too, is inside. */
  #sendEncrypted(reply: Unsealed['reply'], headers: string[]): void {
    const answer = this.#answer as UpstreamAnswer
    const response = this.#response
    const isOpen = () =>
      !response.destroyed && (response.headersSent || this.#writeHead(encryptedHead, 200))
    const sink = new EncryptedAnswer(
      reply,
      { status: answer.status, headers },
      {
        write: (line) => {
          this.#bytesOut += line.length
          if (isOpen() && !response.write(line)) this.#call.moved()
        },
        finish: (line) => {
          this.#bytesOut += line.length
          this.#conclude(
            () => {
              if (!isOpen()) return
              response.end(line)
              discardRest(this.#request)
            },
            () => {
              if (response.headersSent) response.destroy()
              else refuse(this.#request, response, recordLost, undefined)
            },
          )
        },
        failed: (failure) => {
          answer.stop(failure)
          this.#record(failure)
          if (failure.reason === 'bug') this.#deps.report?.(failure.cause, undefined)
          response.destroy()
        },
        ready: () => {
          if (!response.writableNeedDrain) answer.resume()
        },
      },
    )
    response.on('drain', () => {
      this.#call.moved()
      answer.resume()
    })
    answer.pipe(sink)
  }

  #writeHead(headers: string[], status = (this.#answer as UpstreamAnswer).status): boolean {
    if (this.#response.destroyed) return false
    try {
      this.#response.writeHead(status, headers)
      return true
    } catch (cause) {
      this.#deps.report?.(cause, undefined)
      this.#response.destroy()
      return false
    }
  }

  #addTrailers(trailers: HeaderList): void {
    if (trailers.length === 0) return
    const list = passableTrailers(trailers, new Set())
    const pairs: [string, string][] = []
    for (let index = 0; index < list.length; index += 2)
      pairs.push([list[index] as string, list[index + 1] as string])
    try {
      this.#response.addTrailers(pairs)
    } catch {
      // A trailer that is no valid field is dropped: the body before it is whole.
    }
  }

  /** The record first, then the end of the answer: what cannot be recorded is not handed out. */
  #conclude(kept: () => void, lost: () => void): void {
    if (this.#response.destroyed) {
      this.#record({ reason: 'caller_aborted' })
      return
    }
    if (this.#record(undefined) === undefined) lost()
    else if (this.#deps.durable)
      void this.#deps.recorder.settled().then((onDisk) => (onDisk ? kept() : lost()))
    else kept()
  }

  #refuse(failure: Failure): void {
    const recordId = this.#record(failure)
    if (failure.reason === 'bug') this.#deps.report?.(failure.cause, recordId)
    if (failure.reason === 'caller_aborted') {
      this.#response.destroy()
      return
    }
    const answer = (kept: boolean) =>
      refuse(this.#request, this.#response, kept ? failure : recordLost, recordId)
    if (recordId === undefined) answer(false)
    else if (this.#deps.durable) void this.#deps.recorder.settled().then(answer)
    else answer(true)
  }

  #record(failure: Failure | undefined): string | undefined {
    if (this.#over) return undefined
    this.#over = true
    const { open } = this.#call
    if (open) this.#deps.inFlight.remove(open)
    const told = this.#told as ProxyOutcome
    return this.#deps.recorder.record({
      call: this.#call,
      reached: told.reached,
      token: told.gathered.token,
      method: told.gathered.method,
      path: told.gathered.path,
      scope: told.gathered.scope,
      failure,
      upstreamStatus: this.#answer?.status ?? told.gathered.answer?.status,
      bytesIn: this.#call.bytesIn,
      bytesOut: this.#bytesOut,
      endedAt: this.#deps.clock.now(),
    })
  }
}
