import { handshakeLifetimeSeconds, type TokenResponse } from '@ath-protocol/types'
import type { AgentContext } from './agent-context.ts'
import { AthError } from './ath-error.ts'
import type { PendingHandshake } from './authorize.ts'
import { exchangeToken } from './exchange.ts'
import { sleep } from './system.ts'

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** Default: as long as a handshake lives, 10 minutes from its start (R66). */
  readonly timeoutSeconds?: number | undefined
  /** Until the first question, and between questions unless the gateway says else. Default 1, grows to 5. */
  readonly pollSeconds?: number | undefined
  /** The code delivered to an agent-owned redirect, see `completeRedirect`. */
  readonly code?: string | undefined
  readonly onPending?:
    | ((progress: { readonly elapsedSeconds: number; readonly nextPollSeconds: number }) => unknown)
    | undefined
}

const slowestPollSeconds = 60
const slowDownSeconds = 5

/**
 * Asks the token endpoint until the user has answered, each time with a fresh attestation. Pauses as `Retry-After`
 * and `details.interval` say, longer after `slow_down`. A failed connection does not end the wait: a handshake is
 * spent at most once (R67), so asking again can never make a second token. Throws `CONSENT_PENDING` when the time is
 * over; the handshake may then still be taken up again.
 */
export async function awaitConsent(
  context: AgentContext,
  handshake: PendingHandshake,
  options: WaitOptions = {},
): Promise<TokenResponse> {
  const { signal, code, onPending } = options
  const { clock } = context
  const started = clock.now()
  const giveUpAt =
    options.timeoutSeconds === undefined
      ? handshake.startedAt + handshakeLifetimeSeconds
      : started + options.timeoutSeconds
  let interval = options.pollSeconds ?? 1
  let pause = interval
  for (;;) {
    await sleep(Math.max(0, Math.min(pause, giveUpAt - clock.now())), signal)
    try {
      return await exchangeToken(context, handshake, {
        ...(code === undefined ? {} : { code }),
        ...(signal ? { signal } : {}),
      })
    } catch (error) {
      if (!(error instanceof AthError && isPending(error))) throw error
      interval = nextInterval(error, interval)
      pause = Math.max(interval, error.retryAfterSeconds ?? 0)
    }
    if (clock.now() + pause > giveUpAt)
      throw new AthError('CONSENT_PENDING', {
        details: {
          authorization_url: handshake.authorizationUrl,
          ath_session_id: handshake.id,
          provider_id: handshake.providerId,
        },
      })
    await onPending?.({ elapsedSeconds: clock.now() - started, nextPollSeconds: pause })
  }
}

/** Not yet answered, or not a word about the handshake at all: a busy, restarting or unreachable gateway. */
export function isPending(error: AthError): boolean {
  switch (error.code) {
    case 'SESSION_NOT_FOUND':
      return error.retryable || error.details['reason'] === 'authorization_pending'
    case 'authorization_pending':
    case 'slow_down':
    case 'RATE_LIMITED':
    case 'UNAVAILABLE':
    case 'NETWORK_ERROR':
    case 'TIMEOUT':
      return true
    case 'ANSWER_INVALID':
      return error.retryable
    default:
      return false
  }
}

export function nextInterval(error: AthError, interval: number): number {
  if (error.code === 'slow_down' || error.details['reason'] === 'slow_down')
    return Math.min(interval + slowDownSeconds, slowestPollSeconds)
  const asked = error.details['interval']
  if (typeof asked === 'number' && asked > 0)
    return Math.min(Math.max(asked, 0.05), slowestPollSeconds)
  return Math.max(interval, Math.min(interval * 1.5, 5))
}
