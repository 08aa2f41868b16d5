import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  advanceHandshake,
  handshakeLifetimeSeconds,
  type HandshakeEvent,
  type HandshakeState,
  statesBefore,
} from './two-phase.ts'

const states: readonly HandshakeState[] = [
  'created',
  'bound',
  'asking',
  'consented',
  'denied',
  'failed',
  'spent',
]
const events: readonly HandshakeEvent[] = ['bind', 'ask', 'consent', 'deny', 'fail', 'spend']
const alive = { now: 0, expiresAt: handshakeLifetimeSeconds }

/** Every legal step; all others are illegal. */
const legal: Readonly<Record<HandshakeState, Partial<Record<HandshakeEvent, HandshakeState>>>> = {
  created: { bind: 'bound', ask: 'asking' },
  bound: { bind: 'bound', ask: 'asking', consent: 'consented', deny: 'denied', fail: 'failed' },
  asking: { ask: 'asking', consent: 'consented', deny: 'denied', fail: 'failed' },
  consented: { spend: 'spent' },
  denied: {},
  failed: {},
  spent: {},
}

for (const state of states)
  for (const event of events) {
    const next = legal[state][event]
    test(`${state} on ${event} ${next ? `becomes ${next}` : 'is illegal'}`, () => {
      const advanced = advanceHandshake(state, event, alive)
      assert.deepEqual(advanced, next ? { ok: true, value: next } : { ok: false, error: 'illegal' })
    })
  }

test('[R66] a handshake lives ten minutes', () => {
  assert.equal(handshakeLifetimeSeconds, 600)
})

test('[R66] [R81] expiry wins over every step, from the very second', () => {
  for (const state of states)
    for (const event of events)
      for (const now of [600, 600.5, 601, 1e12])
        assert.deepEqual(advanceHandshake(state, event, { now, expiresAt: 600 }), {
          ok: false,
          error: 'expired',
        })
  assert.ok(advanceHandshake('created', 'bind', { now: 599.999, expiresAt: 600 }).ok)
})

test('stores compare and set with exactly the states from which a step is legal', () => {
  for (const event of events)
    assert.deepEqual(
      [...statesBefore(event)].sort(),
      states.filter((state) => legal[state][event] !== undefined).sort(),
    )
})

interface Walk {
  readonly visited: readonly HandshakeState[]
  readonly taken: readonly HandshakeEvent[]
}

/** Follows a handshake through any events; refused ones leave it where it is. */
function walk(steps: readonly { readonly event: HandshakeEvent; readonly at: number }[]): Walk {
  const visited: HandshakeState[] = ['created']
  const taken: HandshakeEvent[] = []
  for (const { event, at } of steps) {
    const state = visited.at(-1) as HandshakeState
    const advanced = advanceHandshake(state, event, { now: at, expiresAt: 600 })
    if (!advanced.ok) continue
    visited.push(advanced.value)
    taken.push(event)
  }
  return { visited, taken }
}

const steps = fc.array(
  fc.record({ event: fc.constantFrom(...events), at: fc.integer({ min: 0, max: 700 }) }),
  { maxLength: 40 },
)

test('no events in any order lead out of the legal states', () => {
  fc.assert(
    fc.property(steps, (random) => {
      const { visited } = walk(random)
      for (const state of visited) assert.ok(states.includes(state))
    }),
    { numRuns: 2000 },
  )
})

test('[R67] [R82] a token is issued at most once, and only after the consent of the user', () => {
  fc.assert(
    fc.property(steps, (random) => {
      const { taken } = walk(random)
      const spends = taken.filter((event) => event === 'spend').length
      assert.ok(spends <= 1)
      if (spends === 1) assert.ok(taken.indexOf('consent') < taken.indexOf('spend'))
      if (taken.includes('consent')) {
        const before = taken.slice(0, taken.indexOf('consent'))
        assert.ok(before.includes('bind') || before.includes('ask'))
      }
    }),
    { numRuns: 2000 },
  )
})

test('what ended stays ended, and an answer is never taken back', () => {
  fc.assert(
    fc.property(steps, (random) => {
      const { visited } = walk(random)
      for (const end of ['denied', 'failed', 'spent'] as const) {
        const at = visited.indexOf(end)
        if (at >= 0) assert.equal(at, visited.length - 1)
      }
    }),
    { numRuns: 2000 },
  )
})
