import { fail, ok, type Result } from '../result.ts'
import type { TransitionFault } from './two-phase.ts'

/**
 * Where a nine-step handshake is.
 * `greeted` step 2 was sent · `identified` the client proved its key and is approved (4) · `asking` the user is asked (6)
 * · `granted` step 8 is ready · `completed` the session is there (9) · `denied`, `failed` it ended.
 */
export type NineStepState =
  | 'greeted'
  | 'identified'
  | 'asking'
  | 'granted'
  | 'completed'
  | 'denied'
  | 'failed'

export type NineStepEvent = 'identify' | 'ask' | 'grant' | 'complete' | 'deny' | 'fail'

const transitions: Readonly<
  Record<NineStepState, Partial<Record<NineStepEvent, NineStepState>>>
> = {
  greeted: { identify: 'identified', fail: 'failed' },
  identified: { ask: 'asking', grant: 'granted', deny: 'denied', fail: 'failed' },
  asking: { grant: 'granted', deny: 'denied', fail: 'failed' },
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
