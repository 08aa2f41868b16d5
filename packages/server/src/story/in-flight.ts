import type { Failure } from '@ath-protocol/types'
import { endOf, type LiveToken } from './live-token.ts'

/** A call that was let in and is not over. */
export interface OpenCall {
  readonly token: LiveToken
  /** Where its caller is. */
  readonly ip: string
  /** Ends it now, upstream and towards the caller. Must be harmless when it is over already. */
  stop(failure: Failure): void
  /** Its place in the list; kept by the list. */
  slot: number
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

/**
 * An array in which each call knows its place. A `Set` with such traffic is rehashed all the time, and each table that
 * V8 leaves behind keeps its calls and the next table from young collections: a fifth of the time went there.
 */
export function createInFlight(): InFlight {
  const calls: OpenCall[] = []
  return {
    get size() {
      return calls.length
    },
    add(call) {
      call.token.uses++
      call.slot = calls.push(call) - 1
    },
    remove(call) {
      if (calls[call.slot] !== call) return
      const last = calls.pop() as OpenCall
      if (last !== call) {
        calls[call.slot] = last
        last.slot = call.slot
      }
      call.slot = -1
      call.token.uses--
    },
    review(now) {
      // A copy: who is stopped leaves the list.
      for (const call of calls.slice()) {
        const failure = endOf(call.token, now, call.ip) ?? call.stalled(now)
        if (failure) call.stop(failure)
      }
    },
    stopAll(failure) {
      for (const call of calls.slice()) call.stop(failure)
    },
  }
}
