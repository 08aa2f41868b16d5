import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

const longestMilliseconds = 30_000

/** A script of an example’s package.json as `npm run` runs it, from the sources of a clone. Ends with the test. */
export async function runScript(
  t: TestContext,
  { folder, script, env }: { folder: string; script: string; env: Record<string, string> },
) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const child = spawn(`exec ${manifest.scripts[script]}`, {
    shell: true,
    cwd: folder,
    env: {
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      NODE_OPTIONS: '--conditions=sallyport-source',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const told = { stdout: '', stderr: '' }
  const said = () => told.stdout + told.stderr
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      told[name] += text
    })
  const ended = once(child, 'close').then(([status]) => status as number | null)
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    said,
    stdout: () => told.stdout,
    ended,
    /** Resolves once it has said this; rejects when it ends before. */
    async says(wanted: RegExp): Promise<RegExpExecArray> {
      const deadline = Date.now() + longestMilliseconds
      for (;;) {
        const found = wanted.exec(said())
        if (found) return found
        if (child.exitCode !== null || Date.now() > deadline)
          throw new Error(`\`npm run ${script}\` never said ${wanted}, but:\n${said()}`)
        await new Promise((later) => setTimeout(later, 20))
      }
    },
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
