import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advanceHandshake, type HandshakeEvent, stateAfter, statesBefore } from './two-phase.ts'

test('an event leads to one state wherever it happens from: one UPDATE can name it', () => {
  const events: readonly HandshakeEvent[] = ['bind', 'ask', 'consent', 'deny', 'fail', 'spend']
  for (const event of events)
    for (const state of statesBefore(event))
      assert.deepEqual(advanceHandshake(state, event, { now: 0, expiresAt: 1 }), {
        ok: true,
        value: stateAfter(event),
      })
})
