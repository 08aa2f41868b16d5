import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import type { PublishedPackage } from '../published/packages.ts'
import { root } from '../workspace.ts'
import { findNpm } from './machine.ts'

/** What `npm publish` would send of one package. */
export interface Tarball extends PublishedPackage {
  readonly file: string
  /** Paths in it. */
  readonly paths: readonly string[]
}

interface Packed {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** Packs every package into a folder. */
export function pack(packages: readonly PublishedPackage[], folder: string): readonly Tarball[] {
  const workspaces = packages.flatMap(({ manifest }) => ['--workspace', manifest.name])
  const answer = execFileSync(
    process.execPath,
    [findNpm(), 'pack', ...workspaces, '--json', '--loglevel=error', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8' },
  )
  // npm 10 answers with a list, npm 11 with an object by package name.
  const packed = Object.values(JSON.parse(answer) as Record<string, Packed>)
  return packages.map(({ folder: from, manifest }) => {
    const found = packed.find(({ name }) => name === manifest.name)
    if (!found) throw new Error(`npm pack gave nothing for ${manifest.name}`)
    // npm names the file of a scoped package with a slash in some versions, without in others.
    const file = join(folder, found.filename.replace(/^@/, '').replace('/', '-'))
    return { folder: from, manifest, file, paths: found.files.map(({ path }) => path) }
  })
}
