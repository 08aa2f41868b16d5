import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  advanceNineStep,
  type NineStepEvent,
  type NineStepState,
  nineStepStateAfter,
  nineStepStatesBefore,
} from './nine-step.ts'

const states: readonly NineStepState[] = [
  'greeted',
  'identified',
  'asking',
  'allowed',
  'granted',
  'completed',
  'denied',
  'failed',
]
const events: readonly NineStepEvent[] = [
  'identify',
  'ask',
  'allow',
  'narrow',
  'grant',
  'complete',
  'deny',
  'fail',
]
const alive = { now: 0, expiresAt: 600 }

/** Every legal step; all others are illegal. */
const legal: Readonly<Record<NineStepState, Partial<Record<NineStepEvent, NineStepState>>>> = {
  greeted: { identify: 'identified', fail: 'failed' },
  identified: { ask: 'asking', allow: 'allowed', deny: 'denied', fail: 'failed' },
  asking: { allow: 'allowed', deny: 'denied', fail: 'failed' },
  allowed: { narrow: 'allowed', grant: 'granted', deny: 'denied', fail: 'failed' },
  granted: { complete: 'completed', fail: 'failed' },
  completed: {},
  denied: {},
  failed: {},
}

for (const state of states)
  for (const event of events) {
    const next = legal[state][event]
    test(`[D1] [U3] ${state} on ${event} ${next ? `becomes ${next}` : 'is illegal'}`, () => {
      assert.deepEqual(
        advanceNineStep(state, event, alive),
        next ? { ok: true, value: next } : { ok: false, error: 'illegal' },
      )
    })
  }

test('[U3] expiry wins over every step, from the very second', () => {
  for (const state of states)
    for (const event of events)
      for (const now of [600, 600.5, 1e12])
        assert.deepEqual(advanceNineStep(state, event, { now, expiresAt: 600 }), {
          ok: false,
          error: 'expired',
        })
  assert.ok(advanceNineStep('greeted', 'identify', { now: 599.999, expiresAt: 600 }).ok)
})

test('[U3] an event leads to one state, and stores set it from exactly where it is legal', () => {
  for (const event of events) {
    const before = states.filter((state) => legal[state][event] !== undefined)
    assert.deepEqual([...nineStepStatesBefore(event)].sort(), [...before].sort())
    assert.ok(before.length > 0)
    for (const state of before) assert.equal(legal[state][event], nineStepStateAfter(event))
  }
})

const steps = fc.array(
  fc.record({ event: fc.constantFrom(...events), at: fc.integer({ min: 0, max: 700 }) }),
  { maxLength: 40 },
)

/** Follows a handshake through any events; refused ones leave it where it is. */
function walk(list: readonly { readonly event: NineStepEvent; readonly at: number }[]) {
  const visited: NineStepState[] = ['greeted']
  const taken: NineStepEvent[] = []
  for (const { event, at } of list) {
    const advanced = advanceNineStep(visited.at(-1) as NineStepState, event, {
      now: at,
      expiresAt: 600,
    })
    if (!advanced.ok) continue
    visited.push(advanced.value)
    taken.push(event)
  }
  return { visited, taken }
}

test('[D1] no events in any order lead out of the legal states', () => {
  fc.assert(
    fc.property(steps, (list) => {
      for (const state of walk(list).visited) assert.ok(states.includes(state))
    }),
    { numRuns: 2000 },
  )
})

test('[D1] [D13] a session comes after the key was proven, somebody allowed it, and step 8; and once', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { taken } = walk(list)
      const completed = taken.filter((event) => event === 'complete').length
      assert.ok(completed <= 1)
      if (completed === 0) return
      const order = (['identify', 'allow', 'grant', 'complete'] as const).map((event) =>
        taken.indexOf(event),
      )
      assert.ok(!order.includes(-1))
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      )
    }),
    { numRuns: 3000 },
  )
})

test('[D15] what ended stays ended: no answer is given twice or taken back', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { visited, taken } = walk(list)
      for (const end of ['completed', 'denied', 'failed'] as const) {
        const at = visited.indexOf(end)
        if (at >= 0) assert.equal(at, visited.length - 1)
      }
      assert.ok(taken.filter((event) => event === 'allow').length <= 1)
    }),
    { numRuns: 2000 },
  )
})
