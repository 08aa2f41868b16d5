import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAddedLines } from '../check/added-lines.ts'
import { checkAgent, checkPeople } from '../check/native-shop.ts'

const folder = import.meta.dirname

test('an Express app is protected with three added lines beside its configuration, and the README shows them', () => {
  assert.equal(readAddedLines(folder).length, 3)
})

test('people use the Express app as before', (t) => checkPeople(t, folder))

test('at the Express app an agent gets what both doors allow, nothing else, and nothing after a revocation', (t) =>
  checkAgent(t, folder))
