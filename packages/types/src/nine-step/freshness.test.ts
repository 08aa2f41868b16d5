import assert from 'node:assert/strict'
import test from 'node:test'
import {
  checkTimestamp,
  confirmationLifetimeSeconds,
  maxSessionSeconds,
  maxTokenSeconds,
  nineStepLifetimeSeconds,
  nonceMemorySeconds,
  timestampWindowSeconds,
} from './freshness.ts'

const now = 1_795_305_600

for (const [offset, taken] of [
  [0, true],
  [300, true],
  [-300, true],
  [301, false],
  [-301, false],
  [300.5, false],
  [-86_400, false],
  [1e10, false],
] as const)
  test(`[D5] [U2] a timestamp ${offset} s off is ${taken ? 'taken' : 'refused'}`, () => {
    const checked = checkTimestamp(now + offset, { now })
    assert.equal(checked.ok, taken)
    if (!checked.ok) assert.equal(checked.error.kind, 'timestamp_outside_window')
  })

test('[D5] milliseconds are refused: timestamps are Unix seconds', () => {
  assert.equal(checkTimestamp(now * 1000, { now }).ok, false)
})

test('[U2] time does not run backwards within a handshake; the same second is fine', () => {
  assert.ok(checkTimestamp(now, { now, previous: now }).ok)
  assert.ok(checkTimestamp(now + 1, { now, previous: now }).ok)
  assert.deepEqual(checkTimestamp(now - 1, { now, previous: now }), {
    ok: false,
    error: { kind: 'timestamp_decreasing', member: 'timestamp' },
  })
})

test('[U2] a nonce is remembered for as long as a message with it could be taken', () => {
  // Written as late as allowed, shown as late as allowed.
  assert.ok(nonceMemorySeconds >= 2 * timestampWindowSeconds)
})

test('[U3] [U7] [D7] [D17] the times of a handshake are those of the protocol', () => {
  assert.equal(nineStepLifetimeSeconds, 600)
  assert.equal(confirmationLifetimeSeconds, 300)
  assert.equal(maxTokenSeconds, 3600)
  assert.equal(maxSessionSeconds, 86_400)
})
