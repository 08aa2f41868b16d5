import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import {
  folderCycles,
  folderFaults,
  nameFaults,
  packageFaults,
  packageLaw,
  purityFaults,
  readModule,
  readModules,
} from './architecture.ts'
import { inRoot } from './workspace.ts'

const modules = readModules()

test('the test sees the modules and their imports', () => {
  assert.ok(modules.length >= 80, `only ${modules.length} modules were found`)
  const imports = modules.flatMap((module) => module.imports)
  assert.ok(imports.length >= 2 * modules.length, `only ${imports.length} imports were found`)
  for (const { folder } of packageLaw)
    assert.ok(
      modules.some(({ file }) => file.startsWith(`packages/${folder}/`)),
      folder,
    )
})

test('every package has its row in the law', () => {
  const folders = packageLaw.map(({ folder }) => folder)
  assert.deepEqual(readdirSync(inRoot('packages')).sort(), folders.sort())
})

test('packages import only what the dependency law allows', () => {
  assert.deepEqual(packageFaults(modules), [])
})

test('folders import only what they may', () => {
  assert.deepEqual(folderFaults(modules), [])
})

test('no folders import each other in a ring', () => {
  assert.deepEqual(folderCycles(modules), [])
})

test('rules and stories take time, network and the process from ports', () => {
  assert.deepEqual(purityFaults(modules), [])
})

test('no name is a word that says nothing', () => {
  assert.deepEqual(nameFaults(modules), [])
})

const faults = { packageFaults, folderFaults, nameFaults, purityFaults }

test('each law finds what breaks it', () => {
  const broken: readonly (readonly [keyof typeof faults, string, string])[] = [
    ['packageFaults', 'packages/types/src/a.ts', `import { readFileSync } from 'node:fs'`],
    ['packageFaults', 'packages/types/src/a.ts', `import type { Stats } from 'fs'`],
    ['packageFaults', 'packages/types/src/a.ts', `export * from '@ath-protocol/server'`],
    ['packageFaults', 'packages/client/src/a.ts', `import {\n  a,\n} from '@ath-protocol/server'`],
    ['packageFaults', 'packages/server/src/a.ts', `await import('sallyport')`],
    ['packageFaults', 'packages/server/src/a.ts', `import '@sallyport/testing'`],
    ['packageFaults', 'packages/athx/src/a.ts', `import { a } from '../../client/src/index.ts'`],
    ['packageFaults', 'packages/unknown/src/a.ts', ''],
    ['folderFaults', 'packages/gateway/src/channels/a.ts', `import { a } from '../adapters/b.ts'`],
    ['folderFaults', 'packages/server/src/story/a.ts', `import { a } from '../adapters/b.ts'`],
    ['folderFaults', 'packages/server/src/adapters/a.ts', `import { a } from '../story/b.ts'`],
    ['purityFaults', 'packages/server/src/a.ts', `const now = new Date()`],
    ['purityFaults', 'packages/server/src/a.ts', `globalThis.fetch('https://a.example')`],
    ['purityFaults', 'packages/gateway/src/channels/a.ts', `import { connect } from 'node:net'`],
    ['purityFaults', 'packages/server/src/story/a.ts', `import process from 'node:process'`],
    ['nameFaults', 'packages/types/src/string-utils.ts', ''],
    ['nameFaults', 'packages/types/src/a.ts', `export class SessionManager {}`],
    ['nameFaults', 'packages/types/src/a.ts', `export interface IStore {}`],
  ]
  for (const [law, file, source] of broken)
    assert.notDeepEqual(faults[law]([readModule(file, source)]), [], `${law} ${file} ${source}`)
})

test('a ring of folders is found, a ring of types is none', () => {
  const ring = (statement: string) => [
    readModule('packages/types/src/a/x.ts', `import { y } from '../b/y.ts'`),
    readModule('packages/types/src/b/y.ts', `${statement} { x } from '../a/x.ts'`),
  ]
  assert.equal(folderCycles(ring('import')).length, 1)
  assert.equal(folderCycles(ring('import type')).length, 0)
})
