import type { Session, SessionStore } from '../ports/nine-step.ts'
import {
  checkTarget,
  type DirectionKey,
  decryptMessage,
  type EncryptedHeader,
  encryptMessage,
  type Failure,
  fail,
  freshWindow,
  type HandshakeFault,
  importDirection,
  type InnerMessage,
  maxSequence,
  ok,
  type Result,
  type SequenceWindow,
  type SessionId,
  type SessionKeys,
  takeSequence,
  windowFrom,
} from '@ath-protocol/types'
import { SequenceReservation } from './sequence-reservation.ts'

type Reserve = SessionStore['reserveSequence']

export interface OpenedRequest {
  readonly seq: number
  /** The method that is meant: `htm`. */
  readonly method: string
  readonly message: InnerMessage
}

/** The keys of one session and the numbers that were used with them (U10). One object for all tokens of the session. */
export interface EncryptedChannel {
  /**
   * Decrypts a request, once, for what it was sent for. Failures: `handshake_message` (malformed, undecryptable, another
   * target, replayed), `session_over` when the keys are used up, `dependency_down`.
   */
  open(
    jwe: string,
    sent: { readonly method: string; readonly target: string },
  ): Promise<Result<OpenedRequest, Failure>>
  /** Encrypts one piece of an answer. Rejects when the keys are used up or the store is down. */
  seal(
    header: Pick<EncryptedHeader, 'req' | 'part' | 'fin'>,
    message: InnerMessage,
  ): Promise<string>
}

export async function openChannel(
  { id }: Pick<Session, 'id'>,
  keys: SessionKeys,
  reserve: Reserve,
): Promise<EncryptedChannel> {
  const [c2s, s2c, seen, sent] = await Promise.all([
    importDirection(keys, 'c2s'),
    importDirection(keys, 's2c'),
    // Nothing set aside: this only asks what was.
    reserve(id, 'c2s', 0),
    reserve(id, 's2c', 0),
  ])
  return new Channel(id, { c2s, s2c }, reserve, { seen, sent })
}

const methodForm = /^[A-Z][A-Z-]{0,31}$/

const fault = (one: HandshakeFault): Result<never, Failure> =>
  fail({ reason: 'handshake_message', fault: one })

class Channel implements EncryptedChannel {
  readonly #id: SessionId
  readonly #keys: { readonly c2s: DirectionKey; readonly s2c: DirectionKey }
  readonly #seen: SequenceReservation
  readonly #sent: SequenceReservation
  #window: SequenceWindow
  #next: number

  constructor(
    id: SessionId,
    keys: { readonly c2s: DirectionKey; readonly s2c: DirectionKey },
    reserve: Reserve,
    before: { readonly seen: number; readonly sent: number },
  ) {
    this.#id = id
    this.#keys = keys
    // Which of the numbers set aside were used nobody knows any more: all of them count as used.
    this.#window = before.seen === 0 ? freshWindow : windowFrom(before.seen)
    this.#next = before.sent
    this.#seen = new SequenceReservation(
      before.seen,
      (upTo) => reserve(id, 'c2s', upTo),
      (end) => {
        if (end > this.#window.horizon) this.#window = windowFrom(end)
      },
    )
    this.#sent = new SequenceReservation(
      before.sent,
      (upTo) => reserve(id, 's2c', upTo),
      (end) => {
        this.#next = Math.max(this.#next, end)
      },
    )
  }

  async open(jwe: string, sent: { readonly method: string; readonly target: string }) {
    const decrypted = await decryptMessage(this.#keys.c2s, jwe)
    if (!decrypted.ok) return fault(decrypted.error)
    const { header, message } = decrypted.value
    // Many clients cannot send a GET with a body: a POST carries any method, and the one inside is meant.
    const method = sent.method === 'POST' ? (header.htm ?? '') : sent.method
    const meant = checkTarget(header, { sessionId: this.#id, method, target: sent.target })
    if (!meant.ok || !methodForm.test(method)) return fault({ kind: 'message_target_differs' })
    // Last: nobody but the holder of the keys can use up a number, and none is used for another target.
    const taken = await this.#take(header.seq)
    return taken.ok ? ok({ seq: header.seq, method, message }) : taken
  }

  async #take(seq: number): Promise<Result<void, Failure>> {
    if (seq >= maxSequence) return fail({ reason: 'session_over' })
    // On disk before it counts: after a restart the request cannot come again.
    if (!this.#seen.covers(seq)) await this.#seen.cover(seq)
    const taken = takeSequence(this.#window, seq)
    if (!taken.ok) return fault({ kind: 'message_replayed', nextSeq: this.#window.horizon })
    this.#window = taken.value
    return ok(undefined)
  }

  async seal(header: Pick<EncryptedHeader, 'req' | 'part' | 'fin'>, message: InnerMessage) {
    while (!this.#sent.covers(this.#next)) await this.#sent.cover(this.#next)
    const seq = this.#next++
    return encryptMessage(this.#keys.s2c, { sid: this.#id, seq, ...header }, message)
  }
}
