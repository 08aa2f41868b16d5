import assert from 'node:assert/strict'
import test from 'node:test'
import { qualifiedScope, scopesByQualifiedName } from './provider-scope.ts'

for (const [providerId, name, expected] of [
  ['oa', 'oa:read', 'oa:read'],
  ['crm', 'read', 'crm:read'],
  ['oa', 'oa', 'oa:oa'],
  ['oa', 'oar:read', 'oa:oar:read'],
  ['oa', 'crm:write', 'oa:crm:write'],
  ['github', 'repo:status', 'github:repo:status'],
] as const)
  test(`[U14] ${name} of ${providerId} is called ${expected}`, () => {
    assert.equal(qualifiedScope({ providerId, name }), expected)
  })

test('[U14] every scope is found by its name, with its provider', () => {
  const known = scopesByQualifiedName([
    { id: 'oa', scopes: [{ name: 'oa:read' }, { name: 'write' }] },
    { id: 'crm', scopes: [{ name: 'read' }] },
  ])
  assert.deepEqual(
    [...known],
    [
      ['oa:read', { providerId: 'oa', name: 'oa:read' }],
      ['oa:write', { providerId: 'oa', name: 'write' }],
      ['crm:read', { providerId: 'crm', name: 'read' }],
    ],
  )
})

test('[U14] no scope of one provider is taken for another provider’s', () => {
  const known = scopesByQualifiedName([
    { id: 'a', scopes: [{ name: 'b:read' }] },
    { id: 'b', scopes: [{ name: 'read' }, { name: 'a:b:read' }] },
  ])
  assert.deepEqual(known.get('a:b:read'), { providerId: 'a', name: 'b:read' })
  assert.deepEqual(known.get('b:read'), { providerId: 'b', name: 'read' })
  assert.deepEqual(known.get('b:a:b:read'), { providerId: 'b', name: 'a:b:read' })
})
