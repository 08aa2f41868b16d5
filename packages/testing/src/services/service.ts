import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real server of this machine's, run for one test file in a folder of its own. */
export interface Service {
  readonly url: string
  /** Stops it as a crash would (`SIGKILL`), or in order; what it stored stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again, on the same port and folder. */
  start(): Promise<void>
  /** Stops it and removes its folder. */
  close(): Promise<void>
}

interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** What it prints once it answers. */
  readonly ready: RegExp
  /** What stops it in order. */
  readonly stopSignal: NodeJS.Signals
}

const startMilliseconds = 30_000

/** Runs a program as a service: it is up when this returns, and gone with this process. */
export async function runService(url: string, dir: string, program: Program): Promise<Service> {
  let running: ChildProcess | undefined
  const start = async () => {
    const { command, args, uid, gid } = program
    const child = spawn(command, args, {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    })
    running = child
    await ready(child, program)
  }
  const stop = async (signal = program.stopSignal) => {
    const child = running
    running = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  const killed = () => running?.kill('SIGKILL')
  process.once('exit', killed)
  await start()
  return {
    url,
    start,
    stop,
    close: async () => {
      await stop()
      process.off('exit', killed)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function ready(child: ChildProcess, { command, ready }: Program): Promise<void> {
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const failed = (why: string) => reject(new Error(`${command} ${why}:\n${said}`))
    const timer = setTimeout(() => failed('did not start in time'), startMilliseconds)
    const done = (settle: () => void) => {
      clearTimeout(timer)
      settle()
    }
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000)
      if (ready.test(said)) done(resolve)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('error', (cause) => done(() => failed(cause.message)))
    child.once('exit', (code) => done(() => failed(`ended with ${code}`)))
  })
}

/** A new folder for a service. */
export const serviceFolder = (name: string): string => mkdtempSync(join(tmpdir(), `ath-${name}-`))

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
