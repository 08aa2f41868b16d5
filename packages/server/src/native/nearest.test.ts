import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest, suggest } from './nearest.ts'

test('a slip of the keys finds the word that was meant', () => {
  const known = ['url', 'name', 'auth', 'scopes', 'timeouts', 'consent_page']
  assert.equal(nearest('uri', known), 'url')
  assert.equal(nearest('scope', known), 'scopes')
  assert.equal(nearest('timeuots', known), 'timeouts')
  assert.equal(nearest('consentPage', known), 'consent_page')
  assert.equal(nearest('NAME', known), 'name')
})

test('a word that is nothing like any gets the list instead', () => {
  assert.equal(nearest('database', ['url', 'name']), undefined)
  assert.equal(suggest('database', ['url', 'name']), 'known here: url, name')
  assert.equal(suggest('x'.repeat(100_000), ['url']), 'known here: url')
  assert.equal(suggest('anything', []), 'remove it')
  assert.equal(suggest('oa:reed', ['oa:read', 'oa:write']), 'did you mean "oa:read"?')
})
