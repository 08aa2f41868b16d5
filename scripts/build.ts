import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { addCommonJs } from './published/commonjs.ts'
import { readPublishedPackages } from './published/packages.ts'
import { inRoot, root } from './workspace.ts'

const published = readPublishedPackages()

// What the sources no longer have must not be published from an earlier build.
for (const { folder } of published) rmSync(inRoot(folder, 'dist'), { recursive: true, force: true })

// Test files are excluded by each package's tsconfig.json.
const done = spawnSync(
  inRoot('node_modules/.bin/tsc'),
  ['-b', ...published.map(({ folder }) => inRoot(folder))],
  { cwd: root, stdio: 'inherit' },
)
if (done.status === 0) {
  const names = new Set(published.map(({ manifest }) => manifest.name))
  for (const { folder, manifest } of published) {
    addCommonJs(inRoot(folder), manifest, names)
    for (const file of ['LICENSE', 'NOTICE']) copyFileSync(inRoot(file), inRoot(folder, file))
  }
  process.stdout.write(`build: ${[...names].join(', ')} are in dist/\n`)
}
process.exitCode = done.status ?? 1
