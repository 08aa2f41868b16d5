import assert from 'node:assert/strict'
import test from 'node:test'
import { scopeListArbitrary } from '@sallyport/testing'
import fc from 'fast-check'
import { effectiveScopes, type ScopeDenialReason } from './effective.ts'

const all = ['oa:read', 'crm:write']
const sources = {
  requested: all,
  supported: new Set(all),
  approved: new Set(all),
  credential: new Set(all),
  confirmed: new Set(all),
}

test('[U14] [D16] what all five sets hold is granted, in the order requested, each once', () => {
  assert.deepEqual(
    effectiveScopes({ ...sources, requested: ['crm:write', 'oa:read', 'crm:write'] }),
    {
      granted: ['crm:write', 'oa:read'],
      denied: [],
    },
  )
})

const lacks: readonly (readonly [Exclude<keyof typeof sources, 'requested'>, ScopeDenialReason])[] =
  [
    ['supported', 'not_supported'],
    ['approved', 'not_approved_for_agent'],
    ['credential', 'not_in_user_credential'],
    ['confirmed', 'not_confirmed_by_user'],
  ]
for (const [at, [source, reason]] of lacks.entries())
  test(`[U14] [D16] a scope that ${source} lacks is denied: ${reason}, and the later sets do not matter`, () => {
    const without = new Set(['oa:read'])
    const later = lacks.slice(at).map(([name]) => [name, without] as const)
    for (const changes of [{ [source]: without }, Object.fromEntries(later)])
      assert.deepEqual(effectiveScopes({ ...sources, ...changes }), {
        granted: ['oa:read'],
        denied: [{ scope: 'crm:write', reason }],
      })
  })

test('[U14] a user who said no gets a result with nothing granted and all denied', () => {
  assert.deepEqual(effectiveScopes({ ...sources, confirmed: new Set() }), {
    granted: [],
    denied: all.map((scope) => ({ scope, reason: 'not_confirmed_by_user' })),
  })
})

test('[U14] [D16] nothing is ever granted that one of the five lacks, and everything asked is answered once', () => {
  const list = scopeListArbitrary()
  fc.assert(
    fc.property(list, list, list, list, list, (requested, ...sets) => {
      const [supported, approved, credential, confirmed] = sets.map((set) => new Set(set))
      assert.ok(supported && approved && credential && confirmed)
      const { granted, denied } = effectiveScopes({
        requested,
        supported,
        approved,
        credential,
        confirmed,
      })
      const five: readonly ReadonlySet<string>[] = [
        new Set(requested),
        supported,
        approved,
        credential,
        confirmed,
      ]
      for (const scope of granted) for (const source of five) assert.ok(source.has(scope))
      assert.deepEqual(
        [...granted, ...denied.map(({ scope }) => scope)].sort(),
        [...new Set(requested)].sort(),
      )
    }),
    { numRuns: 1000 },
  )
})
