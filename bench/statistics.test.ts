import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differencePerRound, median, percentile, ratioPerRound } from './statistics.ts'

test('the median is the middle value, or lies between the two middle ones', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([10, 1, 2, 3]), 2.5)
  assert.equal(median([7]), 7)
  assert.ok(Number.isNaN(median([])))
})

test('a percentile is a value that was measured: the smallest that so many do not exceed', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1)
  assert.equal(percentile(hundred, 0.5), 50)
  assert.equal(percentile(hundred, 0.99), 99)
  assert.equal(percentile(hundred, 1), 100)
  assert.equal(percentile([5], 0.99), 5)
})

test('what slows a whole round down does not change the ratio', () => {
  assert.equal(ratioPerRound([50, 5, 40], [100, 10, 80]), 0.5)
  // The ratio of the medians would be 1.
  assert.equal(ratioPerRound([10, 20, 90], [20, 10, 30]), 2)
})

test('a round that only one of two has is left out', () => {
  assert.equal(differencePerRound([5, 7], [1, 2, 100]), 4.5)
})
