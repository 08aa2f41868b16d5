import { type HeaderList } from '../proxy/headers.ts'
import { DependencyDown } from './dependency-down.ts'
import { encryptedMediaType, type Failure } from '@ath-protocol/types'
import { toInnerHeaders } from '../surfaces/http/inner-headers.ts'
import type { Unsealed } from './encrypted.ts'
import type { AnswerSink } from './upstream-answer.ts'

/** The head of every encrypted answer; the real one is inside. */
export const encryptedHead: string[] = [
  'content-type',
  encryptedMediaType,
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
]

/** Where the lines go. */
export interface EncryptedOutput {
  /** One line; more may follow. */
  write(line: Buffer): void
  /** The last line. */
  finish(line: Buffer): void
  failed(failure: Failure): void
  /** All that came so far was handed over. */
  ready(): void
}

/** As much of an answer may wait to be encrypted. */
const maxQueuedBytes = 256 * 1024

/**
 * Encrypts an answer piece by piece as it comes (U10): one message a line, the first with status and headers, the last
 * with `fin`. What has come meanwhile goes into one piece, so that a short answer is one line.
 */
export class EncryptedAnswer implements AnswerSink {
  readonly #reply: Unsealed['reply']
  readonly #head: { readonly status: number; readonly headers: HeaderList }
  readonly #out: EncryptedOutput
  #queue: Uint8Array[] = []
  #queued = 0
  #trailers: HeaderList | undefined
  #part = 0
  #running = false
  #over = false

  constructor(
    reply: Unsealed['reply'],
    head: { readonly status: number; readonly headers: HeaderList },
    out: EncryptedOutput,
  ) {
    this.#reply = reply
    this.#head = head
    this.#out = out
    this.#work()
  }

  data(chunk: Uint8Array): boolean {
    this.#queue.push(chunk)
    this.#queued += chunk.length
    this.#work()
    return this.#queued < maxQueuedBytes
  }

  ended(trailers: HeaderList): void {
    this.#trailers = trailers
    this.#work()
  }

  failed(failure: Failure): void {
    if (this.#over) return
    this.#over = true
    this.#out.failed(failure)
  }

  #work(): void {
    if (this.#running || this.#over) return
    this.#running = true
    void this.#run().catch((cause: unknown) => this.failed(failureOf(cause)))
  }

  async #run(): Promise<void> {
    // What is at hand already is handed over in this turn: it belongs to the first piece.
    await Promise.resolve()
    while (!this.#over) {
      const body = this.#take()
      const trailers = this.#trailers
      const isFirst = this.#part === 0
      if (!body && !trailers && !isFirst) {
        this.#running = false
        return
      }
      const isLast = trailers !== undefined && (!isFirst || trailers.length === 0)
      const line = await this.#reply.channel.seal(
        { req: this.#reply.seq, part: this.#part++, ...(isLast ? { fin: true } : {}) },
        {
          ...(isFirst
            ? { status: this.#head.status, headers: toInnerHeaders(this.#head.headers) }
            : {}),
          ...(isLast && trailers.length > 0 ? { headers: toInnerHeaders(trailers) } : {}),
          ...(body ? { body } : {}),
        },
      )
      if (this.#over) return
      const bytes = Buffer.from(`${line}\n`, 'latin1')
      if (isLast) {
        this.#over = true
        this.#out.finish(bytes)
        return
      }
      this.#out.write(bytes)
      if (this.#queue.length === 0 && !this.#trailers) this.#out.ready()
    }
  }

  #take(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#queue.length === 0) return undefined
    const joined = new Uint8Array(Buffer.concat(this.#queue))
    this.#queue = []
    this.#queued = 0
    return joined
  }
}

const failureOf = (cause: unknown): Failure =>
  cause instanceof DependencyDown
    ? { reason: 'dependency_down', dependency: cause.dependency, cause: cause.message }
    : { reason: 'bug', cause }
