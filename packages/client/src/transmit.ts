import type { Clock } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'
import { readRetryAfter } from './retry-after.ts'
import { sleep, startDeadline } from './system.ts'

export interface Transport {
  readonly fetch: typeof fetch
  readonly clock: Clock
}

export interface TransmitOptions {
  /** To the response headers; 0 is no limit. The body has its own time. */
  readonly timeoutSeconds: number
  /** Whether sending it twice is the same as once: then one retry is made. */
  readonly repeatable: boolean
  readonly signal?: AbortSignal | null | undefined
}

/** A gateway that asks for a longer pause gets its answer reported, not waited out. */
const longestPauseSeconds = 10
/** Long enough for a restarting listener to come back. */
const reconnectPauseSeconds = 0.25

/**
 * Sends a request and returns the answer, whatever its status. Redirects come back as they are: a request with
 * credentials is never sent anywhere else. A repeatable request is sent once more after a connection failure or a
 * 503 that says when to come back.
 */
export async function transmit(
  transport: Transport,
  url: URL,
  init: RequestInit,
  options: TransmitOptions,
): Promise<Response> {
  const send = () => sendOnce(transport, url, init, options)
  if (!options.repeatable) return send()
  let response: Response
  try {
    response = await send()
  } catch (error) {
    if (!(error instanceof AthError && error.code === 'NETWORK_ERROR')) throw error
    await sleep(reconnectPauseSeconds, options.signal ?? undefined)
    return send()
  }
  const pause = readRetryAfter(response.headers, transport.clock)
  if (response.status !== 503 || pause === undefined || pause > longestPauseSeconds) return response
  await response.body?.cancel()
  await sleep(pause, options.signal ?? undefined)
  return send()
}

async function sendOnce(
  transport: Transport,
  url: URL,
  init: RequestInit,
  { timeoutSeconds, signal }: TransmitOptions,
): Promise<Response> {
  const deadline = startDeadline(timeoutSeconds, signal)
  try {
    return await transport.fetch(url, { ...init, redirect: 'manual', signal: deadline.signal })
  } catch (error) {
    throw explain(error, url, deadline.hasPassed(), signal, timeoutSeconds)
  } finally {
    deadline.lift()
  }
}

/** Turns what fetch throws into what callers can act on. The query is left out: it may hold personal data. */
export function explain(
  error: unknown,
  url: URL,
  timedOut: boolean,
  signal: AbortSignal | null | undefined,
  timeoutSeconds: number,
): unknown {
  // A transport that encrypts has reasons of its own.
  if (error instanceof AthError) return error
  const where = `${url.origin}${url.pathname}`
  if (signal?.aborted) return signal.reason
  if (timedOut)
    return new AthError('TIMEOUT', {
      message: `no answer within ${timeoutSeconds} s`,
      details: { url: where },
      cause: error,
    })
  const reason = causeCode(error)
  return new AthError('NETWORK_ERROR', {
    message: `could not reach ${url.origin}${reason ? ` (${reason})` : ''}`,
    ...(reason && /CERT|ALTNAME/.test(reason)
      ? { fix: 'its certificate is not trusted here: NODE_EXTRA_CA_CERTS=<file> names your own CA' }
      : {}),
    details: { url: where, ...(reason ? { reason } : {}) },
    cause: error,
  })
}

function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : ''
  return typeof code === 'string' && code !== '' ? code : undefined
}
