import type { Clock } from '@ath-protocol/types'

/** The machine's clock: the one place of this package that reads it. */
export const systemClock: Clock = { now: () => Date.now() / 1000 }

/** The platform's fetch, looked up at each call so that a later replacement (proxy, instrumentation) is seen. */
export const systemFetch: typeof fetch = (input, init) => globalThis.fetch(input, init)

/** Waits; rejects with the signal's reason when it is aborted. */
export function sleep(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, seconds * 1000)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** Waits for work that others wait for too: an abort ends the waiting, not the work. */
export function orAborted<T>(work: Promise<T>, signal?: AbortSignal | null): Promise<T> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

const longestTimerSeconds = 2_147_483

export interface Deadline {
  /** Aborted when the time is over or the caller aborts. */
  readonly signal: AbortSignal
  hasPassed(): boolean
  /** Stops the time; the caller's own signal stays linked. */
  lift(): void
}

/** `seconds` of 0 or Infinity means no limit. */
export function startDeadline(seconds: number, signal?: AbortSignal | null): Deadline {
  const controller = new AbortController()
  const limited = seconds > 0 && seconds < longestTimerSeconds
  const timer = limited ? setTimeout(() => controller.abort(), seconds * 1000) : undefined
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    hasPassed: () => controller.signal.aborted,
    lift: () => clearTimeout(timer),
  }
}
