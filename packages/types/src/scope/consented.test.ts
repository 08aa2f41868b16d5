import assert from 'node:assert/strict'
import test from 'node:test'
import { hostileTextArbitrary, scopeListArbitrary } from '@sallyport/testing'
import fc from 'fast-check'
import { consentedScopes } from './consented.ts'
import { intersectScopes } from './intersect.ts'

const asked = ['read', 'write']

const cases: readonly (readonly [string, string | undefined, readonly string[]])[] = [
  ['[C25] no scope in the answer means all that was asked', undefined, asked],
  ['[C25] an empty scope means none', '', []],
  ['[C25] blanks mean none', ' \t ', []],
  ['[C25] spaces separate', 'read write', ['read', 'write']],
  ['[C25] commas separate', 'read,write', ['read', 'write']],
  ['[C25] both together separate', ' read , write,', ['read', 'write']],
  ['[C25] a scope named twice is one', 'read read', ['read']],
  ['[C25] what was not asked is told as it is', 'admin', ['admin']],
]
for (const [name, answered, expected] of cases)
  test(name, () => {
    assert.deepEqual(consentedScopes(answered, asked), expected)
  })

test('[C25] [R84] whatever the upstream answers, no more becomes effective than was asked', () => {
  fc.assert(
    fc.property(
      fc.option(hostileTextArbitrary(), { nil: undefined }),
      scopeListArbitrary(),
      (answered, requested) => {
        const consented = consentedScopes(answered, requested)
        const { effective } = intersectScopes(requested, consented, requested)
        for (const scope of effective) assert.ok(requested.includes(scope))
        if (answered?.trim() === '') assert.deepEqual(effective, [])
      },
    ),
  )
})
