import { createWriteStream, mkdirSync } from 'node:fs'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { ensureDebianPackages } from './debian-packages.ts'
import { createResultReader, summarize, type TestResult } from './test-results.ts'
import { findFiles, inRoot, root, testGlobs } from './workspace.ts'

const help = `npm test [-- <part of a path> ...]

Runs the tests of the whole repository from its sources, or of the files whose path holds one of the given parts:
  npm test -- packages/types            all tests of one package
  npm test -- two-phase proxy           all files with either word in their path

Needs chromium, a font with Chinese characters, PostgreSQL and Redis (of which tests start servers of their own); as root
on Debian it installs them when they are missing.
Writes one JSON object a test to .test-report/results.jsonl (to filtered.jsonl when not all files were run).
The last line is "N passed, N failed", with ", N skipped" when any were. Exit code 0 only when none failed and one ran.
`

async function main(filters: readonly string[]): Promise<number> {
  if (filters.includes('--help') || filters.includes('-h')) {
    process.stdout.write(help)
    return 0
  }
  const all = findFiles(...testGlobs)
  const files = filters.length
    ? all.filter((file) => filters.some((part) => file.includes(part)))
    : all
  const missing = ensureDebianPackages()
  if (missing.length > 0) {
    process.stderr.write(
      `test: missing on this machine: ${missing.join(', ')}. Tests with a browser or a shared store fail without.\n` +
        `Fix: sudo apt-get install -y --no-install-recommends ${missing.join(' ')}\n`,
    )
    if (filters.length === 0) return 1
  }
  process.stdout.write(`test: ${files.length} files, ${concurrency} at a time\n`)
  const results = files.length ? await runFiles(files, filters.length ? 'filtered' : 'results') : []
  process.stdout.write(`\n${summarize(results)}\n`)
  return results.length > 0 && results.every(({ status }) => status !== 'failed') ? 0 : 1
}

/** Two files at a time: enough for two cores, and timing in one test does not starve another. */
const concurrency = 2
/** A file that takes longer hangs. */
const fileTimeoutMilliseconds = 300_000

async function runFiles(files: readonly string[], report: string): Promise<readonly TestResult[]> {
  mkdirSync(inRoot('.test-report'), { recursive: true })
  const lines = createWriteStream(inRoot('.test-report', `${report}.jsonl`))
  const results: TestResult[] = []
  const read = createResultReader()
  const events = run({
    cwd: root,
    files: files.map((file) => inRoot(file)),
    concurrency,
    timeout: fileTimeoutMilliseconds,
    execArgv: ['--conditions=sallyport-source'],
  })
  const shown = new spec()
  shown.pipe(process.stdout, { end: false })
  for await (const event of events) {
    const result = read(event)
    if (result) {
      results.push(result)
      lines.write(`${JSON.stringify(result)}\n`)
    }
    shown.write(event)
  }
  shown.end()
  lines.end()
  await Promise.all([finished(shown), finished(lines)])
  return results
}

process.exitCode = await main(process.argv.slice(2))
