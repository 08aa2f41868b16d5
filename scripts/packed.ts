import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type Check, report } from './packed/check.ts'
import {
  addPeers,
  compareInstances,
  type Consumer,
  createConsumer,
  load,
  runCommands,
} from './packed/consumer.ts'
import { lint } from './packed/lint.ts'
import { runtimes } from './packed/machine.ts'
import { pack } from './packed/tarball.ts'
import { checkTypes } from './packed/types.ts'
import { readPublishedPackages } from './published/packages.ts'
import { summarize } from './test-results.ts'
import { inRoot } from './workspace.ts'

const checks: Check[] = []
function tell(...found: readonly Check[]): void {
  checks.push(...found)
  for (const check of found) process.stdout.write(report(check))
}

/** What somebody sees who installs our packages: first alone, then with what the entry points are made for. */
async function use(consumer: Consumer): Promise<void> {
  tell(...(await load(consumer, (subpath) => subpath === '.')))
  tell(...(await runCommands(consumer)), await compareInstances(consumer))
  tell(...(await addPeers(consumer)))
  tell(...(await load(consumer, (subpath) => subpath !== '.')))
  // The declarations are the same files on every Node; the newest may have all packages.
  if (consumer.runtime.node === process.execPath) tell(...(await checkTypes(consumer)))
}

function build(): Check {
  const { status } = spawnSync(
    process.execPath,
    ['--conditions=sallyport-source', inRoot('scripts/build.ts')],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  return {
    what: 'every package builds',
    faults: status === 0 ? [] : ['what the compiler said is above'],
    fix: 'what it names; `npm run build` is the same',
  }
}

async function main(folder: string): Promise<void> {
  const built = build()
  tell(built)
  if (built.faults.length > 0) return
  mkdirSync(join(folder, 'tarballs'))
  const tarballs = pack(readPublishedPackages(), join(folder, 'tarballs'))
  for (const tarball of tarballs) tell(...(await lint(tarball)))
  await Promise.all(
    runtimes().map(async (runtime) => {
      const project = join(folder, `node-${runtime.version}`)
      const installed = await createConsumer(tarballs, runtime, project)
      tell(...installed.checks)
      if (installed.checks.every(({ faults }) => faults.length === 0)) await use(installed.consumer)
    }),
  )
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-packed-'))
try {
  await main(folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const results = checks.map(({ faults }) => ({
  status: faults.length === 0 ? ('passed' as const) : ('failed' as const),
}))
process.stdout.write(`${summarize(results)}\n`)
process.exitCode = results.every(({ status }) => status === 'passed') ? 0 : 1
