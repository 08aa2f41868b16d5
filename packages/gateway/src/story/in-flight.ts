import type { Failure } from '@ath-protocol/types'
import { endOf, type LiveToken } from './live-token.ts'

/** A call that was let in and is not over. */
export interface OpenCall {
  readonly token: LiveToken
  /** Ends it now, upstream and towards the caller. Must be harmless when it is over already. */
  stop(failure: Failure): void
  /** Why it should end although its token is good: a caller that stopped sending or reading. */
  stalled(now: number): Failure | undefined
}

/** All calls in flight, so that a revocation, an expiry or the end of the gateway reaches them. */
export interface InFlight {
  readonly size: number
  add(call: OpenCall): void
  remove(call: OpenCall): void
  /** Ends every call whose permission is gone or whose caller stalls. */
  review(now: number): void
  stopAll(failure: Failure): void
}

export function createInFlight(): InFlight {
  const calls = new Set<OpenCall>()
  return {
    get size() {
      return calls.size
    },
    add(call) {
      call.token.uses++
      calls.add(call)
    },
    remove(call) {
      if (calls.delete(call)) call.token.uses--
    },
    review(now) {
      for (const call of calls) {
        const failure = endOf(call.token, now) ?? call.stalled(now)
        if (failure) call.stop(failure)
      }
    },
    stopAll(failure) {
      for (const call of calls) call.stop(failure)
    },
  }
}
