import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'

const examples = dirname(import.meta.dirname)

for (const name of ['session.ts', 'tools.ts', 'script.ts'])
  test(`each agent has the same ${name}, so that a folder can be copied by itself`, () => {
    const files = globSync(`agent-*/${name}`, { cwd: examples })
    assert.ok(files.length >= 4)
    const texts = new Set(files.map((file) => readFileSync(`${examples}/${file}`, 'utf8')))
    assert.equal(texts.size, 1)
  })
