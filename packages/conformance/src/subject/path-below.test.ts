import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathBelow } from './path-below.ts'

test('a path may begin with that of its base or not, and what only looks like it stays', () => {
  for (const [path, base, below] of [
    ['/products', '/api', '/products'],
    ['/api/products?page=2', '/api', '/products?page=2'],
    ['/api/api/products', '/api', '/api/products'],
    ['/api?page=2', '/api', '?page=2'],
    ['/api', '/api', ''],
    ['/apis/products', '/api', '/apis/products'],
    ['/products', '', '/products'],
  ] as const)
    assert.equal(pathBelow(path, base), below, `${path} below ${base}`)
})
