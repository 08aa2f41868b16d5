import type { Clock } from '@ath-protocol/types'
import { AthError } from './ath-error.ts'
import { orAborted } from './system.ts'

const soonSeconds = 60
/** After a renewal that failed, unless the gateway says when to come again. */
const restSeconds = 10

type Signal = AbortSignal | null | undefined

/** A token that another one can take the place of. */
export interface Renewable {
  readonly accessToken: string
  readonly scopes: readonly string[]
  /** Unix seconds. */
  readonly expiresAt: number
  readonly grantExpiresAt?: number | undefined
}

/** The token of one session, kept fresh for as long as its user allowed. */
export interface Renewal {
  token(): string
  renew(signal?: Signal): Promise<void>
  /** Before a call: renews a token that is about to expire. */
  refresh(signal: Signal): Promise<void>
  /** After a call with `used` was answered that it has expired: whether there is another token now. */
  replace(used: string, signal: Signal): Promise<boolean>
}

/** `fetch` asks for the next token; `adopt` learns of it before anybody gets it, and is awaited. */
export function createRenewal<Stored extends Renewable>(
  clock: Clock,
  stored: Stored,
  fetch: (current: Stored) => Promise<Stored>,
  adopt: (renewed: Stored) => unknown,
): Renewal {
  let current = stored
  let running: Promise<void> | undefined
  let quietUntil = 0

  async function run(): Promise<void> {
    current = await fetch(current)
    const now = clock.now()
    // What a fresh token cannot mend, and a service that says the same of its own tokens, is not asked for each call.
    quietUntil = now + Math.min(soonSeconds, (current.expiresAt - now) / 2)
    await adopt(current)
  }

  /** One at a time, for all who wait. It has its own time limit; a caller who gives up leaves it to the others. */
  function renew(signal?: Signal): Promise<void> {
    running ??= run().finally(() => {
      running = undefined
    })
    return orAborted(running, signal)
  }

  /** A renewal that is refused is no reason not to call: the gateway's answer to the call says what is wrong. */
  async function tryRenew(signal: Signal): Promise<void> {
    const now = clock.now()
    const { scopes, expiresAt, grantExpiresAt = Infinity } = current
    // Without scopes nothing is known of the grant, so that a wider token could not be told.
    const useless = scopes.length === 0 || grantExpiresAt <= Math.max(now, expiresAt)
    if (useless || now < quietUntil) return
    try {
      await renew(signal)
    } catch (error) {
      if (!(error instanceof AthError) || error.code === 'ANSWER_REFUSED') throw error
      quietUntil =
        error.code === 'TOKEN_REVOKED' ? Infinity : now + (error.retryAfterSeconds ?? restSeconds)
    }
  }

  return {
    token: () => current.accessToken,
    renew,
    async refresh(signal) {
      if (current.expiresAt - clock.now() < soonSeconds) await tryRenew(signal)
    },
    async replace(used, signal) {
      if (current.accessToken === used) await tryRenew(signal)
      return current.accessToken !== used
    },
  }
}
