import { stateMachine, type Transitions } from './state-machine.ts'

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

const transitions: Transitions<NineStepState, NineStepEvent> = {
  greeted: { identify: 'identified', fail: 'failed' },
  identified: { ask: 'asking', allow: 'allowed', deny: 'denied', fail: 'failed' },
  asking: { allow: 'allowed', deny: 'denied', fail: 'failed' },
  allowed: { narrow: 'allowed', grant: 'granted', deny: 'denied', fail: 'failed' },
  granted: { complete: 'completed', fail: 'failed' },
  completed: {},
  denied: {},
  failed: {},
}

const machine = stateMachine<NineStepState, NineStepEvent>(transitions)

export const advanceNineStep = machine.advance
/** The states from which an event may happen; stores use it for compare-and-set. */
export const nineStepStatesBefore = machine.statesBefore
export const nineStepStateAfter = machine.stateAfter
