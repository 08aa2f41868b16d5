import { fail, ok, type Result } from '../result.ts'
import type { TransitionFault } from './two-phase.ts'

/**
 * Where a nine-step handshake is.
 * `greeted` step 2 was sent · `identified` the client proved its key and is approved (4) · `asking` the user is asked (6)
 * · `allowed` they said yes, and are on their way to the providers that ask for themselves · `granted` step 8 is ready
 * · `completed` the session is there (9) · `denied`, `failed` it ended.
 */
export type NineStepState =
  | 'greeted'
  | 'identified'
  | 'asking'
  | 'allowed'
  | 'granted'
  | 'completed'
  | 'denied'
  | 'failed'

/** `narrow`: a provider's own question was answered with no. */
export type NineStepEvent =
  | 'identify'
  | 'ask'
  | 'allow'
  | 'narrow'
  | 'grant'
  | 'complete'
  | 'deny'
  | 'fail'

const transitions: Readonly<Record<NineStepState, Partial<Record<NineStepEvent, NineStepState>>>> =
  {
    greeted: { identify: 'identified', fail: 'failed' },
    identified: { ask: 'asking', allow: 'allowed', deny: 'denied', fail: 'failed' },
    asking: { allow: 'allowed', deny: 'denied', fail: 'failed' },
    allowed: { narrow: 'allowed', grant: 'granted', deny: 'denied', fail: 'failed' },
    granted: { complete: 'completed', fail: 'failed' },
    completed: {},
    denied: {},
    failed: {},
  }

/** The next state, or why there is none. Expiry wins: an expired handshake goes nowhere. */
export function advanceNineStep(
  state: NineStepState,
  event: NineStepEvent,
  times: { readonly now: number; readonly expiresAt: number },
): Result<NineStepState, TransitionFault> {
  if (times.now >= times.expiresAt) return fail('expired')
  const next = transitions[state][event]
  return next === undefined ? fail('illegal') : ok(next)
}

/** The states from which an event may happen; stores use it for compare-and-set. */
export function nineStepStatesBefore(event: NineStepEvent): readonly NineStepState[] {
  return (Object.keys(transitions) as NineStepState[]).filter(
    (state) => transitions[state][event] !== undefined,
  )
}

/** The state that an event leads to: one, wherever it happens from. */
export function nineStepStateAfter(event: NineStepEvent): NineStepState {
  const from = nineStepStatesBefore(event)[0] as NineStepState
  return transitions[from][event] as NineStepState
}
