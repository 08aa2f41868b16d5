import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsentDecided } from '../ports/consents.ts'
import { lessen } from './standing.ts'

const scopesOf = (...names: readonly string[]) => names.map((name) => ({ providerId: 'oa', name }))
const yes: ConsentDecided = {
  approved: true,
  userId: 'usr_wang',
  scopes: scopesOf('read', 'write'),
  lifetimeSeconds: 3600,
  method: 'session',
  decidedAt: 0,
}
const no = { ...yes, approved: false, scopes: [], lifetimeSeconds: 0 }
const carried = (first: ConsentDecided, later: Partial<ConsentDecided>) => {
  const { approved, scopes, lifetimeSeconds, lessened } = lessen(first, { ...yes, ...later })
  return [approved, scopes.join(' '), lifetimeSeconds, lessened]
}

test('the same answer again is the first answer', () => {
  assert.deepEqual(carried(yes, {}), [true, 'read write', 3600, false])
})

test('a later answer takes away, and never adds', () => {
  assert.deepEqual(carried(yes, { scopes: scopesOf('read') }), [true, 'read', 3600, true])
  assert.deepEqual(carried(yes, { lifetimeSeconds: 60 }), [true, 'read write', 60, true])
  assert.deepEqual(carried(yes, { scopes: scopesOf('read', 'delete'), lifetimeSeconds: 9999 }), [
    true,
    'read',
    3600,
    true,
  ])
})

test('a later no, and a later yes to nothing that was allowed, is a no', () => {
  assert.equal(carried(yes, no)[0], false)
  assert.equal(carried(yes, { scopes: scopesOf('delete') })[0], false)
})

test('after a no nothing is allowed any more', () => {
  assert.deepEqual(carried(no, {}), [false, '', 0, false])
})
