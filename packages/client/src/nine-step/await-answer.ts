import {
  type AuthorizationPending,
  createHandshakeProof,
  handshakeProofHeader,
  proofWindowSeconds,
  type ScopeResult,
} from '@ath-protocol/types'
import { AthError } from '../ath-error.ts'
import { sleep } from '../system.ts'
import { isPending, nextInterval } from '../wait.ts'
import type { Conversation } from './greet.ts'
import { distrust, hear, type Heard } from './link.ts'
import { isResult, readScopeAnswer, type ScopeAnswer } from './scope-answer.ts'

/** A person has been asked and has not answered. What reaches them, and how, is never the agent's to know (D14). */
export interface PendingConfirmation {
  readonly handshakeId: string
  /** To tell people which question it is; opens nothing. */
  readonly requestId: string
  /** Unix seconds, by the gateway's clock. */
  readonly expiresAt: number
  readonly elapsedSeconds: number
}

export interface Waiting {
  /** How long to wait for the person. Default: as long as the question stands. */
  readonly consentTimeoutSeconds?: number | undefined
  readonly onPending?: ((pending: PendingConfirmation) => unknown) | undefined
}

/** The gateway may hold an answer back this long while nobody has decided (RFC 7240 §4.3). */
const longPollSeconds = 25
/** One proof serves several questions, and is made anew before it is too old. */
const proofSeconds = proofWindowSeconds - 10
/** After this long beyond a question's end, by another clock, nobody answers any more. */
const graceSeconds = 300

/** Asks until the person has answered, no oftener than the gateway wants to be asked. */
export async function awaitAnswer(
  conversation: Conversation,
  first: Heard<ScopeAnswer>,
  { consentTimeoutSeconds = Infinity, onPending }: Waiting,
): Promise<Heard<ScopeResult>> {
  const { link, handshakeId } = conversation
  const { clock, signal } = link
  const started = clock.now()
  const prove = createProver(conversation)
  let answer = first
  let interval = 0
  for (;;) {
    if (isResult(answer)) return answer
    const pending = answer.message as AuthorizationPending
    if (pending.handshake_id !== handshakeId) distrust('handshake_id_differs')
    interval ||= Math.min(Math.max(pending.interval, 0.05), 60)
    const asked = clock.now()
    const giveUpAt = Math.min(started + consentTimeoutSeconds, pending.expires_at + graceSeconds)
    let pause = 0
    await onPending?.({
      handshakeId,
      requestId: pending.request_id,
      expiresAt: pending.expires_at,
      elapsedSeconds: asked - started,
    })
    try {
      const wait = Math.floor(Math.max(0, Math.min(longPollSeconds, giveUpAt - asked)))
      answer = await hear(
        { ...link, timeoutSeconds: link.timeoutSeconds + wait },
        {
          method: 'GET',
          url: `${link.endpoint}/${encodeURIComponent(handshakeId)}`,
          headers: { [handshakeProofHeader]: await prove(), prefer: `wait=${wait}` },
        },
        readScopeAnswer,
      )
    } catch (error) {
      if (!(error instanceof AthError && isPending(error))) throw error
      interval = nextInterval(error, interval)
      pause = error.retryAfterSeconds ?? 0
    }
    if (isResult(answer)) return answer
    // An answer that was held back has been worth its pause.
    pause = Math.max(pause, asked + interval - clock.now(), 0)
    if (clock.now() + pause >= giveUpAt)
      throw new AthError('CONSENT_PENDING', {
        details: { request_id: pending.request_id, handshake_id: handshakeId },
        fix: 'remind the user of the question, then start again',
      })
    await sleep(pause, signal)
  }
}

function createProver({ link, key, handshakeId }: Conversation): () => Promise<string> {
  let madeAt = -Infinity
  let proof = ''
  return async () => {
    const now = link.clock.now()
    if (now - madeAt > proofSeconds) {
      proof = await createHandshakeProof(key.signer, handshakeId, now)
      madeAt = now
    }
    return proof
  }
}
