import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conventionalScopeMap } from './conventional-scope-map.ts'

const map = conventionalScopeMap([
  'products:read',
  'cart:write',
  'orders:read',
  'orders:write',
  'admin',
  'a:b:c',
  'orders:approve',
])
const all = new Set([
  'products:read',
  'cart:write',
  'orders:read',
  'orders:write',
  'admin',
  'a:b:c',
])

/** Method, path, and the scope that opens it; undefined: none does. */
const cases: readonly (readonly [string, string, string | undefined])[] = [
  ['GET', '/api/products', 'products:read'],
  ['HEAD', '/api/products/7', 'products:read'],
  ['GET', '/products', 'products:read'],
  ['GET', '/api/v2/products', 'products:read'],
  ['POST', '/api/products', undefined],
  ['POST', '/api/cart/add', 'cart:write'],
  ['DELETE', '/api/cart/items/1', 'cart:write'],
  ['GET', '/api/cart', undefined],
  ['GET', '/api/orders', 'orders:read'],
  ['POST', '/api/orders', 'orders:write'],
  ['GET', '/api/users/products', undefined],
  ['GET', '/api/productsx', undefined],
  ['GET', '/api/PRODUCTS', undefined],
  ['GET', '/api/admin', undefined],
  ['POST', '/api/a', undefined],
  ['OPTIONS', '/api/products', undefined],
  ['GET', '/', undefined],
]
for (const [method, path, scope] of cases)
  test(`[R95] [R96] [R128] ${method} ${path} is opened by ${scope ?? 'no scope'}`, () => {
    const verdict = map.admit(method, path, all)
    assert.equal(verdict.allowed ? verdict.scope : undefined, scope)
  })

test('[R96] without the scope the verdict names it', () => {
  assert.deepEqual(map.admit('POST', '/api/orders', new Set(['orders:read'])), {
    allowed: false,
    anyOf: ['orders:write'],
  })
})
