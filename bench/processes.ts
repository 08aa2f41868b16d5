import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Cores } from './machine.ts'

export type Place = 'proxy' | 'load'

/** Starts every process of a run where it belongs, and ends those that are left. */
export interface Processes {
  readonly cores: Cores | undefined
  /** Made for this run and removed with it. */
  readonly folder: string
  /** A TypeScript file beside this one. `settings` go to its stdin, so that no token is in `ps`. */
  startEntry(entry: string, place: Place, settings: object): Running
  start(command: readonly string[], place: Place, more?: StartOptions): Running
  stopAll(): Promise<void>
}

interface StartOptions {
  /** With a channel that tells the process when this one is gone. */
  readonly isOurs?: boolean
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface Running {
  readonly pid: number
  /** The next line of its stdout, read as JSON. Rejects, with what it said, when it ends before. */
  nextLine(): Promise<unknown>
  /** All of its stdout once it ended well. */
  output(): Promise<string>
  stop(): Promise<void>
}

export const nodeCommand = [process.execPath, '--conditions=sallyport-source']

export function createProcesses(cores: Cores | undefined): Processes {
  const running = new Set<Running>()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const start: Processes['start'] = (command, place, more = {}) => {
    const pinned = cores ? [cores.taskset, '-c', String(cores[place]), ...command] : command
    const [program = '', ...args] = pinned
    const child = spawn(program, args, {
      stdio: more.isOurs ? ['pipe', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...more.environment },
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(more.input ?? '')
    const one = watch(child, command.join(' '))
    running.add(one)
    child.once('close', () => running.delete(one))
    return one
  }
  return {
    cores,
    folder,
    start,
    startEntry: (entry, place, settings) =>
      start([...nodeCommand, fileURLToPath(new URL(entry, import.meta.url))], place, {
        input: JSON.stringify(settings),
        isOurs: true,
      }),
    async stopAll() {
      await Promise.all([...running].map((one) => one.stop()))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function watch(child: ChildProcess, what: string): Running {
  let errors = ''
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4000)))
  const closed = new Promise<number | null>((resolve) => {
    child.once('error', (cause) => {
      errors += cause.message
      resolve(1)
    })
    child.once('close', resolve)
  })
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const waiting: string[] = []
  let wake: (() => void) | undefined
  let over = false
  lines.on('line', (line) => {
    text += `${line}\n`
    waiting.push(line)
    wake?.()
  })
  void closed.then(() => {
    over = true
    wake?.()
  })
  return {
    pid: child.pid ?? 0,
    async nextLine() {
      while (waiting.length === 0) {
        if (over) throw new Error(`${what} ended early:\n${errors}`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
      return JSON.parse(waiting.shift() as string) as unknown
    },
    async output() {
      const code = await closed
      if (code !== 0) throw new Error(`${what} failed (${code}):\n${errors}${text}`)
      return text
    },
    async stop() {
      if (over) return
      child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), 5000)
      await closed
      clearTimeout(forced)
    },
  }
}
