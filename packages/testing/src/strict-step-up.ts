import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Failure, renderProblem } from '@ath-protocol/types'

/** One call that waits for its user, bound to all that it says. */
interface Waiting {
  readonly fingerprint: string
  readonly expiresAt: number
  spent: boolean
}

/** Calls that the user must confirm once more (RFC 9470), taken as strictly as a real app takes them. */
export interface StrictStepUp {
  /** Whether this call needs it. Default: none does. */
  needs: (request: IncomingMessage) => boolean
  /** The user's answer from now on. */
  answer: 'pending' | 'denied' | 'confirmed'
  /** Told to waiting clients, in seconds. Default 0.02. */
  intervalSeconds: number
  lifetimeSeconds: number
  /** The page that clients are sent to, in place of an honest one. */
  confirmUrl: string | undefined
  /** Every question that was put, by its id. */
  readonly asked: string[]
  /** The bodies of the calls that came through. */
  readonly confirmed: string[]
  /** Answers by itself, with false, unless the call may go on. */
  admits(request: IncomingMessage, response: ServerResponse, agentId: string): Promise<boolean>
}

export function createStrictStepUp(base: () => string, now: () => number): StrictStepUp {
  const waiting = new Map<string, Waiting>()
  const stepUp: StrictStepUp = {
    needs: () => false,
    answer: 'pending',
    intervalSeconds: 0.02,
    lifetimeSeconds: 300,
    confirmUrl: undefined,
    asked: [],
    confirmed: [],
    async admits(request, response, agentId) {
      const shown = request.headers['x-ath-step-up']
      if (!stepUp.needs(request)) {
        if (shown === undefined) return true
        const problem = 'nobody asked for a confirmation'
        refuse(response, { reason: 'request_malformed', errors: [{ path: '', problem }] })
        return false
      }
      const body = await buffer(request)
      const fingerprint = createHash('sha256')
        .update(
          JSON.stringify([agentId, request.method, request.url, request.headers['content-type']]),
        )
        .update(body)
        .digest('hex')
      const known = waiting.get(String(shown))
      const stands = known && !known.spent && known.fingerprint === fingerprint
      const challenge = (
        reason: 'step_up_required' | 'step_up_pending',
        id: string,
        expiresAt: number,
      ) => {
        const confirmUrl = stepUp.confirmUrl ?? `${base()}/ath/confirm/${id}`
        refuse(response, { reason, stepUp: { id, confirmUrl, expiresAt } }, stepUp.intervalSeconds)
        return false
      }
      if (!stands || now() > known.expiresAt) {
        const id = `ath_su_${randomUUID()}`
        const expiresAt = Math.floor(now() + stepUp.lifetimeSeconds)
        waiting.set(id, { fingerprint, expiresAt, spent: false })
        stepUp.asked.push(id)
        return challenge('step_up_required', id, expiresAt)
      }
      if (stepUp.answer === 'pending')
        return challenge('step_up_pending', String(shown), known.expiresAt)
      known.spent = true
      if (stepUp.answer === 'denied') {
        refuse(response, { reason: 'user_denied' })
        return false
      }
      stepUp.confirmed.push(body.toString())
      return true
    },
  }
  return stepUp
}

function refuse(response: ServerResponse, failure: Failure, interval?: number): void {
  const { status, headers, body } = renderProblem(failure)
  const asked = body.details?.['step_up']
  const details =
    asked === undefined
      ? body.details
      : { ...body.details, step_up: { ...Object(asked), interval } }
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ ...body, ...(details ? { details } : {}) }))
}
