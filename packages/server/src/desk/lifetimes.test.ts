import assert from 'node:assert/strict'
import { test } from 'node:test'
import { offeredLifetimes, usualLifetime } from './lifetimes.ts'

for (const [longest, offered, usual] of [
  [1800, [1800], 1800],
  [3600, [3600], 3600],
  [8 * 3600, [3600, 8 * 3600], 8 * 3600],
  [10 * 3600, [3600, 8 * 3600, 10 * 3600], 8 * 3600],
  [7 * 86_400, [3600, 8 * 3600, 86_400, 7 * 86_400], 8 * 3600],
] as const)
  test(`with ${longest} s at most, ${offered.length} lengths are offered and none is longer`, () => {
    assert.deepEqual(offeredLifetimes(longest), offered)
    assert.equal(usualLifetime(longest), usual)
  })
