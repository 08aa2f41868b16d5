import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const source = new URL('../src/', import.meta.url)
const files = readdirSync(source).filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
const read = (name: string) => readFileSync(new URL(name, source), 'utf8')

/**
 * Roughly what a bundler leaves: no types, comments or indentation, and nothing that ties one of our files to
 * another. It keeps the long names, so it errs upwards.
 */
function shrink(text: string): string {
  return stripTypeScriptTypes(text, { mode: 'strip' })
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^(?:import|export) [^;]*? from '\.[^']*'$/gm, '')
    .replace(/^export (?=\w)/gm, '')
    .replace(/\s+/g, ' ')
}

test('the client is at most 12 KB gzipped without its one dependency', () => {
  assert.ok(files.length > 15, 'the files were not found')
  const bytes = gzipSync(files.map((name) => shrink(read(name))).join('\n'), { level: 9 }).length
  assert.ok(bytes <= 12 * 1024, `${bytes} bytes`)
})

test('it stands on web standards and its one dependency; Node is touched only to open a browser', () => {
  for (const name of files) {
    const imports = [...read(name).matchAll(/from '([^']+)'|import\('([^']+)'\)/g)]
    const foreign = imports
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((id) => !id.startsWith('.'))
    const allowed = name === 'open-browser.ts' ? /^node:/ : /^@ath-protocol\/types$/
    assert.deepEqual(
      foreign.filter((id) => !allowed.test(id)),
      [],
      name,
    )
  }
})
