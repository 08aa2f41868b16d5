import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Failure } from '@ath-protocol/types'
import { UploadFailed } from '@ath-protocol/server/parts'

/**
 * A request body on its way through, with backpressure. It stands between the caller's socket and the transport, so
 * that a transport which gives up destroys this and not the socket on which the caller waits for an answer.
 */
export class Upload extends Readable {
  readonly #from: IncomingMessage
  readonly #maxBytes: number
  readonly #begin: () => void
  readonly #progress: (bytes: number) => void
  #begun = false
  #bytes = 0

  constructor(
    from: IncomingMessage,
    options: { maxBytes: number; begin: () => void; progress: (bytes: number) => void },
  ) {
    super({ highWaterMark: 64 * 1024 })
    this.#from = from
    this.#maxBytes = options.maxBytes
    this.#begin = options.begin
    this.#progress = options.progress
    // Whoever destroyed it knows why; an error that nobody waits for any more must not end the process.
    this.on('error', () => {})
  }

  override _read(): void {
    if (this.#begun) {
      this.#from.resume()
      return
    }
    this.#begun = true
    this.#begin()
    this.#from.on('data', this.#data)
    this.#from.once('end', this.#end)
    this.#from.once('close', this.#close)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#from.off('data', this.#data)
    this.#from.off('end', this.#end)
    this.#from.off('close', this.#close)
    done(error)
  }

  fail(failure: Failure): void {
    this.destroy(new UploadFailed(failure))
  }

  #data = (chunk: Buffer): void => {
    this.#bytes += chunk.length
    this.#progress(chunk.length)
    if (this.#bytes > this.#maxBytes)
      this.fail({ reason: 'body_over_limit', limitBytes: this.#maxBytes })
    else if (!this.push(chunk)) this.#from.pause()
  }

  #end = (): void => {
    this.push(null)
  }

  #close = (): void => {
    if (!this.#from.complete) this.fail({ reason: 'caller_aborted' })
  }
}
