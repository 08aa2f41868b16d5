import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOptions } from './options.ts'
import { type Round, runRounds } from './rounds.ts'

function fullPlan() {
  const options = readOptions([])
  assert.ok(typeof options === 'object')
  return { plan: options.plan, say: () => {} }
}

const round = (value: number, foreignShare?: number): Round<'speed', 'gateway'> => ({
  values: { speed: { gateway: value } },
  foreignShare,
})

test('rounds end as soon as enough were undisturbed, and the disturbed ones do not count', async () => {
  const shares = [0.5, 0, 0.9, 0.1, 0.14, 0]
  let run = 0
  const found = await runRounds(fullPlan(), 'test', 3, async () => round(run, shares[run++]))
  assert.equal(run, 5)
  assert.deepEqual(found.series, { speed: { gateway: [1, 3, 4] } })
  assert.deepEqual(found.foreignShare, [0, 0.1, 0.14])
  assert.equal(found.discarded, 2)
})

test('when patience ends, the calmest count, whatever they measured', async () => {
  const shares = [0.5, 0.6, 0.2, 0.9, 0.4, 0.8]
  let run = 0
  const found = await runRounds(fullPlan(), 'test', 2, async () => round(run, shares[run++]))
  assert.equal(run, 6)
  assert.deepEqual(found.series, { speed: { gateway: [2, 4] } })
})

test('where nobody says how busy others are, each round counts', async () => {
  let run = 0
  const found = await runRounds(fullPlan(), 'test', 3, async () => round(run++))
  assert.equal(run, 3)
  assert.deepEqual(found.foreignShare, [])
})

test('a measure that a subject does not have gives no series', async () => {
  const found = await runRounds(fullPlan(), 'test', 2, async () => ({
    values: { speed: { gateway: 1, nginx: undefined } },
    foreignShare: 0,
  }))
  assert.deepEqual(found.series, { speed: { gateway: [1, 1] } })
})
