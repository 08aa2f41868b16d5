import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { z } from 'zod'
import { configJsonSchema, fileSchema, type SchemaNode } from './json-schema.ts'
import { renderConfigReference } from './reference.ts'

const inPackage = (path: string) => new URL(`../../${path}`, import.meta.url)

test('the JSON Schema in the package is the one that the configuration is read by', () => {
  const written = JSON.parse(readFileSync(inPackage('sallyport.schema.json'), 'utf8'))
  assert.deepEqual(
    written,
    JSON.parse(JSON.stringify(configJsonSchema())),
    'run: npm run sallyport --silent -- schema > packages/gateway/sallyport.schema.json',
  )
})

test('the reference page is the one that the schema makes', () => {
  const written = readFileSync(inPackage('../../docs/reference/config.md'), 'utf8')
  assert.equal(written, renderConfigReference(), 'run: npm run docs')
})

test('the JSON Schema takes a reference wherever a value goes', () => {
  const schema = z.fromJSONSchema(configJsonSchema() as never)
  const file = (change: object) => ({
    version: 1,
    gateway: { url: '${URL}', listen: { port: '${PORT}' }, token_lifetime: '${T:-1h}' },
    providers: {
      oa: { url: 'http://x', auth: { kind: 'none' }, scopes: { r: ['GET /'] }, ...change },
    },
  })
  assert.ok(schema.safeParse(file({})).success)
  assert.ok(!schema.safeParse(file({ max_request: '5 apples' })).success)
  assert.ok(!schema.safeParse(file({ urll: 'x' })).success)
})

test('every key says what it means', () => {
  const walk = (node: SchemaNode, path: string): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      const isNamed = child.const !== undefined || child.properties !== undefined
      assert.ok(isNamed || child.description, `${path}.${key} has no description`)
      walk(child, `${path}.${key}`)
    }
    for (const branch of node.oneOf ?? node.anyOf ?? []) walk(branch, path)
    if (typeof node.additionalProperties === 'object') walk(node.additionalProperties, `${path}.*`)
    if (node.items) walk(node.items, `${path}[]`)
  }
  walk(fileSchema, '')
})

test('every row of the reference page has a type, a default and an example', () => {
  const rows = renderConfigReference()
    .split('\n')
    .filter((line) => line.startsWith('| `') && !/\{ kind: \w+ \}` \|/.test(line))
  assert.ok(rows.length > 80)
  for (const row of rows) {
    const [, , type, preset, meaning, example] = row.split(/(?<!\\)\|/).map((cell) => cell.trim())
    for (const cell of [type, preset, meaning, example]) assert.ok(cell, row)
    assert.doesNotMatch(row, /…`|undefined/, row)
  }
})
