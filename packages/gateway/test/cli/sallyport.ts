import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

export interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** A folder with these files; removed after the test. */
export function createWorkFolder(t: TestContext, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sp-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** Starts the real command line in a process of its own, with nothing of this process's environment but PATH. */
export function spawnSallyport(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, ['--conditions=sallyport-source', main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs a command to its end. */
export async function sallyport(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawnSallyport(cwd, args, env)
  const [out, err] = [collect(child.stdout), collect(child.stderr)]
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, out: out(), err: err() }
}

export interface Running {
  readonly child: ChildProcess
  /** What the first JSON line says. */
  readonly ready: Readonly<Record<string, unknown>>
  /** Everything on stdout until now. */
  out(): string
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** Runs `sallyport dev|start … --json` until it says that it is ready. */
export async function runGateway(
  t: TestContext,
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = spawnSallyport(cwd, [...args, '--json'], env)
  t.after(() => child.kill('SIGKILL'))
  const [out, err] = [collect(child.stdout), collect(child.stderr)]
  const ended = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    out: out(),
    err: err(),
  }))
  const ready = await Promise.race([
    firstReady(child, out),
    ended.then((end) => {
      throw new Error(`it ended before it was ready: ${JSON.stringify(end)}`)
    }),
  ])
  return {
    child,
    ready,
    out,
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return ended
    },
  }
}

async function firstReady(child: ChildProcess, out: () => string) {
  for (;;) {
    const line = out()
      .split('\n')
      .slice(0, -1)
      .find((one) => one.includes('"event":"ready"'))
    if (line !== undefined) return JSON.parse(line) as Record<string, unknown>
    await once(child.stdout ?? child, 'data')
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}
