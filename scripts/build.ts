import { spawnSync } from 'node:child_process'
import { inRoot, root } from './workspace.ts'

/** The packages that are published, with what they build on. Test files are excluded by their tsconfig.json. */
const published = ['types', 'server', 'client', 'athx', 'conformance', 'gateway']

const projects = published.map((name) => inRoot('packages', name))
const done = spawnSync(inRoot('node_modules/.bin/tsc'), ['-b', ...projects], {
  cwd: root,
  stdio: 'inherit',
})
if (done.status === 0) process.stdout.write(`build: ${published.join(', ')} are in dist/\n`)
process.exitCode = done.status ?? 1
