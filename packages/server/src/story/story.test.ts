import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInFlight, type OpenCall } from './in-flight.ts'
import type { LiveToken } from './live-token.ts'
import { proxyStory } from './story.ts'

test('the proxied call passes the stages that the documents name, in their order', () => {
  assert.deepEqual(proxyStory.names, [
    'identify',
    'bind',
    'prove',
    'read',
    'authorize',
    'consent',
    'guard',
    'mint',
    'forward',
    'filter',
  ])
})

test('calls in flight are found whichever leave first, and leaving twice changes nothing', () => {
  const inFlight = createInFlight()
  const stopped: number[] = []
  const token = { uses: 0 } as LiveToken
  const calls = [0, 1, 2, 3].map(
    (id): OpenCall => ({
      token,
      ip: '192.0.2.1',
      slot: -1,
      stop: () => stopped.push(id),
      stalled: () => undefined,
    }),
  )
  const [first, second, , last] = calls as [OpenCall, OpenCall, OpenCall, OpenCall]
  for (const call of calls) inFlight.add(call)
  inFlight.remove(second)
  inFlight.remove(second)
  inFlight.remove(last)
  assert.equal(inFlight.size, 2)
  assert.equal(token.uses, 2)
  inFlight.stopAll({ reason: 'draining' })
  assert.deepEqual(new Set(stopped), new Set([0, 2]))
  inFlight.remove(first)
  assert.equal(inFlight.size, 1)
})
