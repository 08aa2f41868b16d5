import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import test, { type TestContext } from 'node:test'
import { report } from './packed/check.ts'
import { load } from './packed/consumer.ts'
import { fileFaults, lint } from './packed/lint.ts'
import { admits, findNpm } from './packed/machine.ts'
import type { Tarball } from './packed/tarball.ts'
import { addCommonJs } from './published/commonjs.ts'
import { asCommonJs } from './published/declarations.ts'
import { completeManifest, type Manifest } from './published/manifest.ts'
import { findOrder, readBlocks } from './reader/blocks.ts'
import { readPage } from './reader/reader.ts'

type Files = Readonly<Record<string, string>>

/** A built package with one class, as a project has it installed. */
function createPackage(t: TestContext, files: Files = {}) {
  const project = mkdtempSync(join(tmpdir(), 'sallyport-packed-test-'))
  t.after(() => rmSync(project, { recursive: true, force: true }))
  const folder = join(project, 'node_modules/shop')
  const fields = {
    name: 'shop',
    version: '1.0.0',
    type: 'module',
    license: 'Apache-2.0',
    exports: { '.': { 'sallyport-source': './src/index.ts' } },
    files: ['dist'],
    engines: { node: '>=20.19' },
    sideEffects: false,
  }
  const manifest = completeManifest(fields, 'packages/shop')
  const all: Files = {
    'package.json': JSON.stringify(manifest),
    'dist/index.js': 'export class Basket {}\n',
    'dist/index.d.ts': "export { Basket } from './basket.ts';\n",
    'dist/basket.d.ts': 'export declare class Basket {\n  private full;\n}\n',
    'dist/unreachable.d.ts': 'export {};\n',
    ...files,
  }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return { project, folder, manifest }
}

function packFolder(folder: string, manifest: Manifest): Tarball {
  execFileSync(process.execPath, [findNpm(), 'pack', '--loglevel=error'], {
    cwd: folder,
    stdio: 'pipe',
  })
  return {
    folder: 'packages/shop',
    manifest,
    file: join(folder, `${manifest.name}-${manifest.version}.tgz`),
    paths: [],
  }
}

const runtime = { node: process.execPath, version: process.versions.node }
const loadShop = (project: string, manifest: Manifest) =>
  load(
    {
      folder: project,
      runtime,
      tarballs: [{ folder: 'packages/shop', manifest, file: '', paths: [] }],
    },
    () => true,
  )

test('a class is one class, imported or required, and instanceof works across', async (t) => {
  const { project, folder, manifest } = createPackage(t)
  addCommonJs(folder, manifest, new Set())
  writeFileSync(
    join(project, 'both.cjs'),
    `const { Basket } = require('shop')
     import('shop').then((esm) => {
       console.log(new Basket() instanceof esm.Basket, new esm.Basket() instanceof Basket)
     })`,
  )
  const said = execFileSync(process.execPath, ['both.cjs'], { cwd: project, encoding: 'utf8' })
  assert.equal(said, 'true true\n')
  const checks = await loadShop(project, manifest)
  assert.deepEqual(
    checks.map(({ faults }) => faults),
    [[], []],
  )
})

test('declarations that nobody can come to are not published', (t) => {
  const { folder, manifest } = createPackage(t)
  addCommonJs(folder, manifest, new Set())
  assert.throws(() => readFileSync(join(folder, 'dist/unreachable.d.ts')), /ENOENT/)
  for (const file of ['dist/basket.d.ts', 'dist/cjs/basket.d.ts'])
    assert.match(readFileSync(join(folder, file), 'utf8'), /class Basket/)
})

test('a package with two implementations is found out on load, by either form', async (t) => {
  const twin = "'use strict'\nexports.Basket = class Basket {}\n"
  const { project, manifest } = createPackage(t, {
    'dist/cjs/package.json': '{ "type": "commonjs" }',
    'dist/cjs/index.js': twin,
  })
  const checks = await loadShop(project, manifest)
  assert.equal(checks.length, 2)
  for (const { what, faults } of checks) {
    assert.match(what, /^shop: .*Node \d/)
    assert.match(faults.join(), /not the same by import and require\(\): Basket/)
  }
})

test('an entry point that does not load, warns or ends the program is found out', async (t) => {
  for (const [source, expected] of [
    ["import 'no-such-dependency'", /no-such-dependency/],
    ["process.emitWarning('old')", /old/],
    ['process.exit(0)', /ended the program/],
    ['await 0', /top-level await/i],
  ] as const) {
    const { project, folder, manifest } = createPackage(t, {
      'dist/index.js': `${source}\nexport class Basket {}\n`,
    })
    addCommonJs(folder, manifest, new Set())
    const checks = await loadShop(project, manifest)
    assert.match(checks.flatMap(({ faults }) => faults).join('\n'), expected, source)
  }
})

test('attw and publint find what is wrong, and the report says where and what to mend', async (t) => {
  const { folder, manifest } = createPackage(t)
  addCommonJs(folder, manifest, new Set())
  const faultsOf = async () =>
    (await lint(packFolder(folder, manifest))).slice(1).map(({ faults }) => faults.join('\n'))
  assert.deepEqual(await faultsOf(), ['', ''])

  writeFileSync(join(folder, 'dist/cjs/package.json'), '{ "type": "module" }')
  const [publint, attw] = await faultsOf()
  assert.match(publint ?? '', /dist\/cjs\/index\.js/)
  assert.match(attw ?? '', /"\." in node16-cjs/)

  const [first] = await lint(packFolder(folder, manifest))
  assert.match(report(first ?? assert.fail()), /^✖ shop: [\s\S]*\n {2}fix: .*packages\/shop/)
})

test('a package lacks none of its own papers, and carries nothing else', () => {
  const manifest = { name: 'shop', version: '1.0.0', exports: { './menu.json': './menu.json' } }
  const good = ['package.json', 'README.md', 'LICENSE', 'NOTICE', 'dist/index.js', 'menu.json']
  assert.deepEqual(fileFaults({ manifest, paths: good }), [])
  for (const path of ['src/index.ts', 'dist/a.test.js', 'dist/.tsbuildinfo', 'dist/index.js.map'])
    assert.deepEqual(fileFaults({ manifest, paths: [...good, path] }), [
      `${path} has no business in it`,
    ])
  assert.deepEqual(fileFaults({ manifest, paths: good.filter((path) => path !== 'NOTICE') }), [
    'NOTICE is missing',
  ])
})

test('types of packages that are ES modules only are asked for as such by CommonJS', () => {
  const isEsModuleOnly = (name: string) => name.startsWith('esm')
  const mode = "with { 'resolution-mode': 'import' }"
  for (const [written, wanted] of [
    ["import * as a from 'esm';", `import type * as a from 'esm' ${mode};`],
    ["import type { A } from 'esm/b';", `import type { A } from 'esm/b' ${mode};`],
    ["import { type A, B } from 'esm';", `import type { A, B } from 'esm' ${mode};`],
    ["export * from 'esm';", `export type * from 'esm' ${mode};`],
    ['a: import("esm").A;', `a: import("esm", { ${mode.replace('with {', 'with: {')} }).A;`],
    ["import { A } from './esm.js';", "import { A } from './esm.js';"],
    ["import { A } from 'both';", "import { A } from 'both';"],
  ] as const)
    assert.equal(asCommonJs(written, isEsModuleOnly), wanted)
})

test('a package is used on the Nodes that it says it runs on', () => {
  assert.equal(admits('>=20.19', '20.19.0'), true)
  assert.equal(admits('>=20.19', '20.18.3'), false)
  assert.equal(admits('>=24', '26.1.0'), true)
  assert.equal(admits('>=24', '20.20.2'), false)
  assert.equal(admits(undefined, '20.20.2'), true)
  assert.throws(() => admits('^20', '20.20.2'), /engines\.node/)
})

test('the configuration that the README of the gateway’s package shows is the one that is followed', () => {
  const [shown] = readBlocks('gateway', readPage('packages/gateway/README.md')).filter(
    ({ language }) => language === 'yaml',
  )
  const followed = readBlocks('README.md', readPage('README.md')).find(
    (block) => findOrder(block, 'file') === 'sallyport.yaml',
  )
  assert.ok(shown && followed?.text.endsWith(shown.text))
})
