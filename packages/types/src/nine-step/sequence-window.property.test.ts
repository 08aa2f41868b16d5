import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import {
  freshWindow,
  maxSequence,
  type SequenceWindow,
  sequenceWindow,
  takeSequence,
  windowFrom,
} from './sequence-window.ts'

/** Takes numbers one after another; gives those that were taken, and the window after them. */
function takeAll(start: SequenceWindow, numbers: readonly number[]) {
  let window = start
  const taken: number[] = []
  for (const seq of numbers) {
    const result = takeSequence(window, seq)
    if (!result.ok) continue
    taken.push(seq)
    window = result.value
  }
  return { taken, window }
}

const near = fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 })
const anywhere = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 200 }),
    fc.integer({ min: maxSequence - 200, max: maxSequence + 2 }),
    fc.maxSafeNat(),
  ),
  { maxLength: 60 },
)

test('[U10] no number is ever taken twice, in whatever order they come', () => {
  for (const numbers of [near, anywhere])
    fc.assert(
      fc.property(numbers, (list) => {
        const { taken } = takeAll(freshWindow, list)
        assert.equal(new Set(taken).size, taken.length)
      }),
      { numRuns: 1000 },
    )
})

test('[U10] a number is taken the first time, unless it is 64 or more behind the newest', () => {
  fc.assert(
    fc.property(near, (list) => {
      const seen = new Set<number>()
      let newest = -1
      let window = freshWindow
      for (const seq of list) {
        const result = takeSequence(window, seq)
        assert.equal(result.ok, !seen.has(seq) && newest - seq < sequenceWindow)
        if (!result.ok) continue
        seen.add(seq)
        newest = Math.max(newest, seq)
        window = result.value
      }
      assert.equal(window.horizon, newest + 1)
    }),
    { numRuns: 1000 },
  )
})

test('[U10] after a restart nothing below what was reserved is taken, and everything above once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 250 }), near, (horizon, list) => {
      const { taken } = takeAll(windowFrom(horizon), list)
      for (const seq of taken) assert.ok(seq >= horizon)
      assert.equal(new Set(taken).size, taken.length)
    }),
    { numRuns: 1000 },
  )
})

test('[U10] the horizon never moves back, and the window stays 64 bits', () => {
  fc.assert(
    fc.property(anywhere, (list) => {
      let window = freshWindow
      for (const seq of list) {
        const result = takeSequence(window, seq)
        if (!result.ok) continue
        assert.ok(result.value.horizon >= window.horizon)
        assert.ok(result.value.seen >= 0n && result.value.seen < 1n << 64n)
        window = result.value
      }
    }),
  )
})

test('[U10] the first of all numbers is 0, the last below 2^32', () => {
  assert.ok(takeSequence(freshWindow, 0).ok)
  assert.ok(takeSequence(freshWindow, maxSequence - 1).ok)
  assert.deepEqual(takeSequence(freshWindow, maxSequence), { ok: false, error: 'exhausted' })
})

for (const seq of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -0.1])
  test(`[U10] ${seq} is no number of a message`, () => {
    assert.deepEqual(takeSequence(freshWindow, seq), { ok: false, error: 'replayed' })
  })

test('[U10] requests side by side may overtake each other by 63, not by 64', () => {
  const { window } = takeAll(freshWindow, [100])
  assert.ok(takeSequence(window, 37).ok)
  assert.equal(takeSequence(window, 36).ok, false)
})
