import { fail, ok, type Result } from '../result.ts'

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

const transitions: Readonly<
  Record<HandshakeState, Partial<Record<HandshakeEvent, HandshakeState>>>
> = {
  // Without browser binding (development only) the browser is first seen at the callback.
  created: { bind: 'bound', ask: 'asking' },
  bound: { bind: 'bound', ask: 'asking', consent: 'consented', deny: 'denied', fail: 'failed' },
  asking: { ask: 'asking', consent: 'consented', deny: 'denied', fail: 'failed' },
  consented: { spend: 'spent' },
  denied: {},
  failed: {},
  spent: {},
}

export type TransitionFault = 'expired' | 'illegal'

/** The next state, or why there is none. Expiry wins: an expired handshake goes nowhere. */
export function advanceHandshake(
  state: HandshakeState,
  event: HandshakeEvent,
  times: { readonly now: number; readonly expiresAt: number },
): Result<HandshakeState, TransitionFault> {
  if (times.now >= times.expiresAt) return fail('expired')
  const next = transitions[state][event]
  return next === undefined ? fail('illegal') : ok(next)
}

/** The states from which an event may happen; stores use it for compare-and-set. */
export function statesBefore(event: HandshakeEvent): readonly HandshakeState[] {
  return (Object.keys(transitions) as HandshakeState[]).filter(
    (state) => transitions[state][event] !== undefined,
  )
}
