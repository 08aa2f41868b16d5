import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { asCommonJs, reachableDeclarations } from './declarations.ts'
import { codeEntries, commonJsFolder, type Manifest } from './manifest.ts'

const write = (file: string, text: string) => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** Whether a package that this one stands on gives CommonJS programs an ES module. */
function isEsModuleOnly(folder: string, name: string): boolean {
  const { resolve } = createRequire(join(folder, 'package.json'))
  try {
    const file = resolve(name)
    if (file.endsWith('.mjs')) return true
    if (!file.endsWith('.js')) return false
    return typeOf(dirname(file)) === 'module'
  } catch {
    // Node's own modules resolve; what does not is types only.
    return false
  }
}

function typeOf(folder: string): string | undefined {
  try {
    const text = readFileSync(join(folder, 'package.json'), 'utf8')
    return (JSON.parse(text) as { type?: string }).type
  } catch {
    return dirname(folder) === folder ? undefined : typeOf(dirname(folder))
  }
}

/**
 * Gives a built package its CommonJS face: for each entry point a file that requires the ES module, so that there is one
 * instance of everything however it is loaded, and the declarations once more in a folder of type `commonjs`.
 * Declarations that no program can come to are removed. Needs Node >= 20.19 to run, which requires ES modules.
 * @param ours names of packages that have such a face too
 */
export function addCommonJs(folder: string, manifest: Manifest, ours: ReadonlySet<string>): void {
  const faces = codeEntries(manifest).map(([subpath, { import: esm, require: cjs }]) => {
    if (esm && cjs) return { esm, cjs }
    throw new Error(
      `${folder}/package.json: the entry "${subpath}" is not complete. Fix: node scripts/run.mjs scripts/manifests.ts`,
    )
  })
  const built = join(folder, 'dist')
  const face = join(folder, commonJsFolder)
  const isForeignModule = (name: string) => {
    const packageName = name.split('/', name.startsWith('@') ? 2 : 1).join('/')
    return !ours.has(packageName) && isEsModuleOnly(folder, name)
  }
  const reachable = reachableDeclarations(faces.map(({ esm }) => join(folder, esm.types)))
  for (const file of globSync(join(built, '**/*.d.ts'))) if (!reachable.has(file)) rmSync(file)
  for (const file of reachable)
    write(
      join(face, relative(built, file)),
      asCommonJs(readFileSync(file, 'utf8'), isForeignModule),
    )
  for (const { esm, cjs } of faces) {
    const file = join(folder, cjs.default)
    const target = relative(dirname(file), join(folder, esm.default)).split(sep).join('/')
    write(file, `'use strict'\nmodule.exports = require('${target}')\n`)
  }
  write(
    join(face, 'package.json'),
    `${JSON.stringify({ type: 'commonjs', sideEffects: false }, null, 2)}\n`,
  )
}
