import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { AthPorts } from '@ath-protocol/server'
import { createVirtualClock, testEpoch, unique } from '@sallyport/testing'
import { type Store, sweepStore } from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from '../data-folder.ts'

let folder = createFolder()
beforeEach(() => {
  folder = createFolder()
})
afterEach(() => folder.remove())

/** A sweep stands on the stores and the clock, and on nothing else while nothing expired. */
const portsOf = (store: Store, clock: AthPorts['clock']) =>
  ({ ...store, nineStep: undefined, clock }) as unknown as AthPorts

test('a delivery is known as long as its question may be, then forgotten', async () => {
  const store = await openTestStore(folder.dir)
  const clock = createVirtualClock()
  const consentId = unique('cns')
  await store.deliveries.insert({ consentId, channel: 'mail', reference: 'm1', sentAt: testEpoch })
  const failed: unknown[] = []
  const round = () => sweepStore(portsOf(store, clock), store, (cause) => failed.push(cause))
  clock.advance(2 * 86_400)
  await round()
  assert.equal((await store.deliveries.list(consentId)).length, 1)
  clock.advance(1)
  await round()
  assert.deepEqual(await store.deliveries.list(consentId), [])
  assert.deepEqual(failed, [])
  await store.close()
})

test('a store that does not answer is told for every part, and nothing is thrown', async () => {
  const store = await openTestStore(folder.dir)
  await store.close()
  const failed: unknown[] = []
  await sweepStore(portsOf(store, createVirtualClock()), store, (cause) => failed.push(cause))
  assert.equal(failed.length, 3)
})
