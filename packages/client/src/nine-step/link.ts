import { type AnswerFault, type Result, encodeBase64url } from '@ath-protocol/types'
import { type Asking, ask, type Question } from '../agent-context.ts'
import type { ReadValue } from '../answer.ts'
import { AthError } from '../ath-error.ts'

/** How a client reaches one gateway's handshake. */
export interface Link extends Asking {
  /** Without trailing slash. */
  readonly base: string
  /** Where messages go. */
  readonly endpoint: string
  /** Where the keys are that sign access tokens. */
  readonly jwks: string
  readonly signal?: AbortSignal | undefined
}

/** An answer, and all of it as it came: also members that nobody here knows are signed over. */
export interface Heard<T> {
  readonly message: T
  readonly whole: object
}

/** Sends one message of the handshake, once: no step is safe to do twice. */
export const say = <T>(link: Link, message: object, read: ReadValue<T>): Promise<Heard<T>> =>
  hear(link, { method: 'POST', url: link.endpoint, body: { ...message } }, read)

export function hear<T>(
  link: Link,
  question: Omit<Question<never>, 'read' | 'signal'>,
  read: ReadValue<T>,
): Promise<Heard<T>> {
  return ask(link, {
    ...question,
    signal: link.signal,
    read: (value) => {
      const checked = read(value)
      return checked.ok
        ? { ok: true, value: { message: checked.value, whole: value as object } }
        : checked
    },
  })
}

/** What a checked rule gives; what it refuses is a reason to trust this gateway no further. */
export function believe<T>(result: Result<T, AnswerFault>): T {
  if (result.ok) return result.value
  throw new AthError('ANSWER_REFUSED', {
    message: `the answer was refused: ${result.error.replaceAll('_', ' ')}`,
    details: { reason: result.error },
  })
}

export const distrust = (fault: AnswerFault): never => believe({ ok: false, error: fault })

/** 192 random bits. */
export const freshNonce = () => encodeBase64url(crypto.getRandomValues(new Uint8Array(24)))

/** The wire's time: whole Unix seconds. */
export const timestamp = ({ clock }: Pick<Link, 'clock'>) => Math.floor(clock.now())
