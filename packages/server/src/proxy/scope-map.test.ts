import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileScopeMap, readScopeRule, type ScopeRule } from './scope-map.ts'

const rule = (scope: string, text: string): ScopeRule => {
  const read = readScopeRule(scope, text)
  if (typeof read === 'string') return assert.fail(read)
  return read
}

const map = compileScopeMap([
  rule('oa:read', 'GET /api/**'),
  rule('oa:write', 'POST /api/docs'),
  rule('oa:write', 'PUT /api/docs/*'),
  rule('oa:admin', '* /admin/**'),
  rule('oa:peek', 'GET /api/docs'),
])
const can = (scopes: string[], method: string, path: string) =>
  map.admit(method, path, new Set(scopes))

test('[R95] a scope opens the methods and paths it is mapped to', () => {
  assert.deepEqual(can(['oa:read'], 'GET', '/api/docs/1'), { allowed: true, scope: 'oa:read' })
  assert.deepEqual(can(['oa:write'], 'PUT', '/api/docs/1'), { allowed: true, scope: 'oa:write' })
  assert.deepEqual(can(['oa:admin'], 'PURGE', '/admin/x'), { allowed: true, scope: 'oa:admin' })
})

test('[R96] what no scope is mapped to is closed to every token', () => {
  const all = ['oa:read', 'oa:write', 'oa:admin', 'oa:peek']
  assert.deepEqual(can(all, 'GET', '/'), { allowed: false, anyOf: [] })
  assert.deepEqual(can(all, 'DELETE', '/api/docs'), { allowed: false, anyOf: [] })
  assert.deepEqual(can(all, 'GET', '/apis'), { allowed: false, anyOf: [] })
  assert.deepEqual(can(all, 'get', '/api/docs'), { allowed: false, anyOf: [] })
})

test('[R96] a refusal names every scope that would have been enough', () => {
  assert.deepEqual(can(['oa:write'], 'GET', '/api/docs'), {
    allowed: false,
    anyOf: ['oa:read', 'oa:peek'],
  })
})

test('[R95] one star is one segment and never an empty one; two stars are any rest', () => {
  assert.equal(can(['oa:write'], 'PUT', '/api/docs/').allowed, false)
  assert.equal(can(['oa:write'], 'PUT', '/api/docs/1/2').allowed, false)
  assert.equal(can(['oa:read'], 'GET', '/api').allowed, true)
  assert.equal(can(['oa:read'], 'GET', '/api/').allowed, true)
  assert.equal(can(['oa:read'], 'GET', '/api/a/b/c').allowed, true)
})

test('[R102] GET opens HEAD and nothing else', () => {
  assert.equal(can(['oa:read'], 'HEAD', '/api/x').allowed, true)
  assert.equal(can(['oa:read'], 'OPTIONS', '/api/x').allowed, false)
})

for (const bad of [
  'GET',
  '/api',
  'get /api',
  'GET api',
  'GET /a/**/b',
  'GET /a*',
  'GET /a?x=1',
  'GET /a%20b',
  'GET /a;b',
  'GET /a#b',
  'GET /a\\b',
  'GET  /a b',
])
  test(`the rule \`${bad}\` is refused with a sentence`, () => {
    assert.equal(typeof readScopeRule('s', bad), 'string')
  })

const segment = fc.constantFrom('a', 'b', 'c', '*')
const pattern = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([segments, open]) => `/${[...segments, ...(open ? ['**'] : [])].join('/')}`)
const method = fc.constantFrom('GET', 'POST', '*')
const scope = fc.constantFrom('r', 'w', 'x')
const rules = fc.array(fc.record({ scope, method, pattern }), { maxLength: 6 })
const path = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`)

test('[R96] [R98] only a rule of a granted scope opens anything, and more scopes never open less', () => {
  fc.assert(
    fc.property(
      rules,
      path,
      fc.constantFrom('GET', 'POST', 'DELETE'),
      fc.array(scope),
      (list, at, verb, granted) => {
        const compiled = compileScopeMap(list)
        const verdict = compiled.admit(verb, at, new Set(granted))
        const asPattern = (text: string) =>
          new RegExp(
            `^${text
              .replace(/\/\*\*$/, '(?:/.*)?')
              .replaceAll('/*', '/[^/]+')
              .replace('(?:/.[^/]+)?', '(?:/.*)?')}$`,
          )
        const expected = list.some(
          (one) =>
            (granted as string[]).includes(one.scope) &&
            (one.method === '*' || one.method === verb) &&
            asPattern(one.pattern).test(at),
        )
        assert.equal(verdict.allowed, expected)
        if (verdict.allowed) {
          assert.ok((granted as string[]).includes(verdict.scope))
          assert.ok(compiled.admit(verb, at, new Set([...granted, 'r', 'w', 'x'])).allowed)
        } else
          for (const name of verdict.anyOf)
            assert.ok(compiled.admit(verb, at, new Set([name])).allowed)
      },
    ),
    { numRuns: 2000 },
  )
})
