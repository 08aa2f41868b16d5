import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { summarize, type TestResult } from './test-results.ts'
import { inRoot } from './workspace.ts'

/** Loaded on the machine's own Node, which may be 20.19: what these packages promise to run on. */
const libraries = [
  { folder: 'types', name: '@ath-protocol/types' },
  { folder: 'server', name: '@ath-protocol/server' },
  { folder: 'client', name: '@ath-protocol/client' },
  { folder: 'athx', name: 'athx' },
  { folder: 'conformance', name: '@ath-protocol/conformance' },
] as const

/** The first Node on the path that is not the workspace's own. */
const machineNode =
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find((file) => existsSync(file)) ?? process.execPath

interface Packed {
  readonly files: readonly { readonly path: string }[]
}

/** What `npm publish` would send: only what was built, and no test. */
function strayFiles(folder: string): readonly string[] {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], {
    cwd: inRoot('packages', folder),
    encoding: 'utf8',
  })
  // npm 10 answers with a list, npm 11 with an object by package name.
  const [packed] = Object.values(JSON.parse(answer) as Record<string, Packed>)
  const paths = packed?.files.map(({ path }) => path) ?? []
  if (!paths.includes('dist/index.js')) return ['dist/index.js is missing (npm run build)']
  const wanted = /^(?:package\.json|README\.md|LICENSE|NOTICE|dist\/.+\.(?:js|d\.ts|map))$/
  return paths.filter((path) => !wanted.test(path) || /\.test\.|tsbuildinfo/.test(path))
}

/** Loads the built package by name, without the workspace's condition. */
function loadFault(name: string): string | undefined {
  const code = `await import(${JSON.stringify(name)})`
  try {
    execFileSync(machineNode, ['--input-type=module', '--eval', code], {
      cwd: inRoot(),
      stdio: 'pipe',
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    return undefined
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause)
  }
}

const version = execFileSync(machineNode, ['--version'], { encoding: 'utf8' }).trim()
const results = libraries.map(({ folder, name }): Pick<TestResult, 'status'> => {
  const fault = loadFault(name)
  const faults = [...strayFiles(folder), ...(fault === undefined ? [] : [fault])]
  process.stdout.write(`${faults.length === 0 ? '✔' : '✖'} ${name} loads on Node ${version}\n`)
  for (const found of faults) process.stdout.write(`  ${found}\n`)
  return { status: faults.length === 0 ? 'passed' : 'failed' }
})
process.stdout.write(`${summarize(results)}\n`)
process.exitCode = results.every(({ status }) => status === 'passed') ? 0 : 1
