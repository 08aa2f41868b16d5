import { stateMachine, type Transitions } from './state-machine.ts'

/** A handshake may live this long (R66). */
export const handshakeLifetimeSeconds = 600

/**
 * Where a two-phase handshake is.
 * `created` the agent asked · `bound` a browser took it up · `asking` the user saw the page and went upstream ·
 * `consented` both doors are open · `denied`, `failed` it ended · `spent` its one token was issued.
 */
export type HandshakeState =
  | 'created'
  | 'bound'
  | 'asking'
  | 'consented'
  | 'denied'
  | 'failed'
  | 'spent'

export type HandshakeEvent = 'bind' | 'ask' | 'consent' | 'deny' | 'fail' | 'spend'

const transitions: Transitions<HandshakeState, HandshakeEvent> = {
  // Without browser binding (development only) the browser is first seen at the callback.
  created: { bind: 'bound', ask: 'asking' },
  bound: { bind: 'bound', ask: 'asking', consent: 'consented', deny: 'denied', fail: 'failed' },
  asking: { ask: 'asking', consent: 'consented', deny: 'denied', fail: 'failed' },
  consented: { spend: 'spent' },
  denied: {},
  failed: {},
  spent: {},
}

const machine = stateMachine<HandshakeState, HandshakeEvent>(transitions)

export const advanceHandshake = machine.advance
/** The states from which an event may happen; stores use it for compare-and-set. */
export const statesBefore = machine.statesBefore
/** INVARIANT: an event leads to one state wherever it happens from; state-after.test.ts holds it. */
export const stateAfter = machine.stateAfter
