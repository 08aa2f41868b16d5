import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allChecks } from '../src/checks/all.ts'
import { rows } from '../src/rows/rows.ts'
import { twoPhaseFaults } from './faults.ts'
import { nineStepFaults } from './nine-step-faults.ts'

const faults = [...twoPhaseFaults, ...nineStepFaults]
/** Shown to find what they look for in `tls.test.ts`: no proxy can take a TLS version away. */
const ofTls = ['tls-required', 'handshake-tls']

test('every row has one check that exists, or says why nothing can be seen', () => {
  const ids = new Set(allChecks.map(({ id }) => id))
  for (const { id, seen } of rows)
    if ('check' in seen) assert.ok(ids.has(seen.check), `${id} names ${seen.check}`)
    else assert.ok(seen.unseen.length > 5, `${id} says why`)
  assert.equal(rows.length, 122 + 30 + 21 + 14)
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length)
})

test('every check is named once, and is of a row', () => {
  const ids = allChecks.map(({ id }) => id)
  assert.deepEqual([...new Set(ids)], ids)
  const used = new Set(rows.flatMap(({ seen }) => ('check' in seen ? [seen.check] : [])))
  assert.deepEqual(
    ids.filter((id) => !used.has(id)),
    [],
  )
})

test('for every check there is a fault that it finds', () => {
  const found = new Set([...faults.flatMap(({ breaks }) => breaks), ...ofTls])
  assert.deepEqual(
    allChecks.map(({ id }) => id).filter((id) => !found.has(id)),
    [],
  )
  assert.equal(new Set(faults.map(({ name }) => name)).size, faults.length, 'each fault has a name')
})
