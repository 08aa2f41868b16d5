import assert from 'node:assert/strict'
import test from 'node:test'
import { scopeListArbitrary } from '@sallyport/testing'
import fc from 'fast-check'
import { intersectScopes } from './intersect.ts'

const three = [scopeListArbitrary(), scopeListArbitrary(), scopeListArbitrary()] as const

test('[R83] [R84] the effective scopes are in all three sets, and all that are in all three', () => {
  fc.assert(
    fc.property(...three, (approved, consented, requested) => {
      const { effective } = intersectScopes(approved, consented, requested)
      for (const scope of effective) {
        assert.ok(approved.includes(scope))
        assert.ok(consented.includes(scope))
        assert.ok(requested.includes(scope))
      }
      for (const scope of requested)
        assert.equal(
          effective.includes(scope),
          approved.includes(scope) && consented.includes(scope),
        )
    }),
    { numRuns: 2000 },
  )
})

test('[R84] taking a scope away from any of the three never widens the result', () => {
  fc.assert(
    fc.property(
      ...three,
      fc.nat({ max: 2 }),
      fc.nat(),
      (approved, consented, requested, which, at) => {
        const sets = [approved, consented, requested] as const
        const narrowed = sets.map((set, index) =>
          index === which ? set.filter((scope) => scope !== set[at % set.length]) : set,
        ) as [string[], string[], string[]]
        const wide = new Set(intersectScopes(...sets).effective)
        for (const scope of intersectScopes(...narrowed).effective) assert.ok(wide.has(scope))
      },
    ),
    { numRuns: 2000 },
  )
})

test('[R83] order and repeats in what was approved or consented change nothing', () => {
  fc.assert(
    fc.property(...three, (approved, consented, requested) => {
      const { effective } = intersectScopes(approved, consented, requested)
      assert.deepEqual(
        intersectScopes([...approved, ...approved].reverse(), consented.toReversed(), requested)
          .effective,
        effective,
      )
      assert.deepEqual(effective, [...new Set(effective)])
    }),
  )
})

test('[R85] any empty set leaves nothing', () => {
  fc.assert(
    fc.property(scopeListArbitrary(), scopeListArbitrary(), (one, other) => {
      assert.deepEqual(intersectScopes([], one, other).effective, [])
      assert.deepEqual(intersectScopes(one, [], other).effective, [])
      assert.deepEqual(intersectScopes(one, other, []).effective, [])
    }),
  )
})

test('[R86] the three sets are told as they met, each scope once, in the order requested', () => {
  assert.deepEqual(
    intersectScopes(
      ['read', 'write', 'read'],
      ['write', 'read', 'admin'],
      ['write', 'read', 'write'],
    ),
    {
      agentApproved: ['read', 'write'],
      userConsented: ['write', 'read', 'admin'],
      effective: ['write', 'read'],
    },
  )
})

test('scopes are compared as written: case, prefixes and names of object members make no match', () => {
  for (const [one, other] of [
    ['read', 'Read'],
    ['mail', 'mail:read'],
    ['*', 'read'],
    ['constructor', 'toString'],
  ] as const)
    assert.deepEqual(intersectScopes([one], [other], [one, other]).effective, [])
})
