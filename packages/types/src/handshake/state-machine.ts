import { fail, ok, type Result } from '../result.ts'

export type TransitionFault = 'expired' | 'illegal'

/** What may happen in which state, and where it leads. */
export type Transitions<State extends string, Event extends string> = Readonly<
  Record<State, Partial<Record<Event, State>>>
>

/** A handshake's states as pure functions over its table. */
export function stateMachine<State extends string, Event extends string>(
  transitions: Transitions<State, Event>,
) {
  const statesBefore = (event: Event): readonly State[] =>
    (Object.keys(transitions) as State[]).filter((state) => transitions[state][event] !== undefined)
  return {
    statesBefore,
    /** The next state, or why there is none. Expiry wins: what has expired goes nowhere. */
    advance(
      state: State,
      event: Event,
      times: { readonly now: number; readonly expiresAt: number },
    ): Result<State, TransitionFault> {
      if (times.now >= times.expiresAt) return fail('expired')
      const next = transitions[state][event]
      return next === undefined ? fail('illegal') : ok(next)
    },
    /** The state that an event leads to: one, wherever it happens from. Throws when no state allows it. */
    stateAfter(event: Event): State {
      const [from] = statesBefore(event)
      const next = from === undefined ? undefined : transitions[from][event]
      if (next === undefined) throw new Error(`no state allows ${event}`)
      return next
    },
  }
}
