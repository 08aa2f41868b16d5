import { spawn } from 'node:child_process'
import { summarize, type TestResult } from './test-results.ts'
import { inRoot, root } from './workspace.ts'

const help = `npm run check [-- <name> ...]

Runs, in this order, everything that must hold of the sources besides the tests:
  types    the compiler finds no error
  format   the formatter would change nothing (mend: npm run format)
  lint     oxlint with type information finds nothing
  layers   packages and folders import only what they may
  unused   knip finds no dead file, export or dependency
  docs     generated reference pages are as they would be generated (mend: npm run docs)
Give names to run only those. All are run even when one fails; the exit code is 0 only when all hold.
`

interface Check {
  readonly name: string
  readonly command: readonly string[]
}

const bin = (name: string) => inRoot('node_modules/.bin', name)
const source = [process.execPath, '--conditions=sallyport-source']

const checks: readonly Check[] = [
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.check.json'] },
  { name: 'format', command: [bin('biome'), 'format', '.'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware'] },
  { name: 'layers', command: [...source, '--test', 'scripts/architecture.test.ts'] },
  { name: 'unused', command: [bin('knip'), '--no-progress'] },
  { name: 'docs', command: [...source, 'scripts/docs.ts', '--check'] },
]

/** Runs one check, shows what it said only when it failed. */
async function runCheck({ name, command }: Check): Promise<TestResult['status']> {
  const [program = '', ...args] = command
  const started = performance.now()
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(`${code === 0 ? '✔' : '✖'} ${name} (${seconds} s)\n`)
  if (code !== 0) process.stdout.write(`${Buffer.concat(said).toString().trimEnd()}\n\n`)
  return code === 0 ? 'passed' : 'failed'
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !checks.some((check) => check.name === name))
  if (names.includes('--help') || unknown.length > 0) {
    process.stdout.write(help)
    return names.includes('--help') ? 0 : 2
  }
  const chosen = names.length ? checks.filter(({ name }) => names.includes(name)) : checks
  const results: Pick<TestResult, 'status'>[] = []
  for (const check of chosen) results.push({ status: await runCheck(check) })
  process.stdout.write(`${summarize(results)}\n`)
  return results.every(({ status }) => status === 'passed') ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
