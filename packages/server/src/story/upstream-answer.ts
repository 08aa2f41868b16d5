import type { HeaderList } from '../proxy/headers.ts'
import { type Failure, fail, ok, type Result } from '@ath-protocol/types'
import type { UpstreamCall, UpstreamEvents } from '../transport/upstream.ts'

/** Who takes the body. Calls come in the order of `UpstreamEvents`. */
export interface AnswerSink {
  /** False asks to hold back until `resume`. */
  data(chunk: Uint8Array): boolean
  ended(trailers: HeaderList): void
  failed(failure: Failure): void
}

/**
 * What the upstream answers. The head is a promise; what of the body comes before somebody takes it is held, so that a
 * short answer, which arrives in one piece, can leave in one piece.
 */
export class UpstreamAnswer implements UpstreamEvents {
  status = 0
  headers: HeaderList = []
  readonly head: Promise<Result<{ answer: UpstreamAnswer }, Failure>>
  #settle!: (head: Result<{ answer: UpstreamAnswer }, Failure>) => void
  #call: UpstreamCall | undefined
  #held: Uint8Array[] = []
  #trailers: HeaderList | undefined
  #failure: Failure | undefined
  #sink: AnswerSink | undefined

  constructor() {
    this.head = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  carriedBy(call: UpstreamCall): void {
    this.#call = call
    if (this.#failure) call.abort()
  }

  answered(status: number, headers: HeaderList): void {
    this.status = status
    this.headers = headers
    this.#settle(ok({ answer: this }))
  }

  data(chunk: Uint8Array): boolean {
    if (this.#sink) return this.#sink.data(chunk)
    this.#held.push(chunk)
    // One chunk may be the whole; of more, wait until they are wanted.
    return this.#held.length < 2
  }

  ended(trailers: HeaderList): void {
    this.#trailers = trailers
    this.#sink?.ended(trailers)
  }

  failed(failure: Failure): void {
    if (this.#failure) return
    this.#failure = failure
    this.#settle(fail(failure))
    this.#sink?.failed(failure)
  }

  /** Ends it from our side. Nothing happens when it was over. */
  stop(failure: Failure): void {
    if (this.#failure || this.#trailers) return
    this.#call?.abort()
    this.failed(failure)
  }

  /** The whole body, if it is here already and short enough to have come in one chunk. */
  complete(): { readonly body: Uint8Array | undefined; readonly trailers: HeaderList } | undefined {
    if (!this.#trailers || this.#held.length > 1) return undefined
    return { body: this.#held[0], trailers: this.#trailers }
  }

  /** Hands over what came, and then whatever comes. */
  pipe(sink: AnswerSink): void {
    this.#sink = sink
    const held = this.#held
    this.#held = []
    let ready = true
    for (const chunk of held) ready = sink.data(chunk)
    if (this.#failure) sink.failed(this.#failure)
    else if (this.#trailers) sink.ended(this.#trailers)
    else if (ready) this.resume()
  }

  resume(): void {
    this.#call?.resume()
  }
}
