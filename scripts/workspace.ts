import { globSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const ignored = new Set(['node_modules', 'dist', '.test-report'])

/** Files matching any of the globs, relative to the root, with slashes, sorted; never installed or built ones. */
export function findFiles(...globs: readonly string[]): readonly string[] {
  const found = globSync([...globs], { cwd: root, exclude: (name) => ignored.has(name) })
  return [...new Set(found.map((file) => file.split(sep).join('/')))]
    .filter((file) => !file.split('/').some((part) => ignored.has(part)))
    .sort()
}

/** Where tests are. */
export const testGlobs = [
  'packages/**/*.test.ts',
  'scripts/**/*.test.ts',
  'bench/**/*.test.ts',
  'examples/**/*.test.ts',
] as const

export const inRoot = (...parts: readonly string[]): string => join(root, ...parts)
