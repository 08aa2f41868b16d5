import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const gatewayEntry = fileURLToPath(new URL('./main.ts', import.meta.resolve('sallyport')))
const readySeconds = 20

/** The gateway as operators run it: a process of its own, which can die. */
export interface GatewayProcess {
  readonly url: string
  /** Where its store, keys and audit records are. */
  readonly dataDir: string
  /** Resolves when it serves. */
  start(): Promise<void>
  /** SIGKILL: no goodbye, nothing flushed. */
  kill(): Promise<void>
  /** SIGTERM, and SIGKILL when it does not hear. For good: it is not started again. */
  stop(): Promise<void>
  /** Runs `sallyport …` beside it. */
  command(args: readonly string[]): Promise<CommandResult>
  /** The last lines that it wrote, for when something went wrong. */
  lastWords(): string
}

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface GatewayOptions {
  readonly url: string
  readonly configFile: string
  readonly dataDir: string
  readonly environment: Readonly<Record<string, string>>
}

export function createGatewayProcess(options: GatewayOptions): GatewayProcess {
  let child: ChildProcess | undefined
  let exited: Promise<unknown> = Promise.resolve()
  let output = ''
  let stopped = false

  const run = (args: readonly string[]) =>
    spawn(process.execPath, ['--conditions=sallyport-source', gatewayEntry, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        NO_COLOR: '1',
        ...options.environment,
      },
    })

  const end = async (signal: NodeJS.Signals) => {
    child?.kill(signal)
    await exited
    child = undefined
  }

  // Whatever becomes of the demo, no gateway is left behind.
  process.on('exit', () => child?.kill('SIGKILL'))

  return {
    url: options.url,
    dataDir: options.dataDir,
    async start() {
      if (stopped) throw new Error('the gateway was stopped for good')
      const started = run(['dev', '--config', options.configFile])
      child = started
      exited = new Promise((resolve) => started.once('close', resolve))
      const listen = (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(-8192)
      }
      started.stdout?.on('data', listen)
      started.stderr?.on('data', listen)
      await becomesReady(options.url, started, () => output)
    },
    kill: () => end('SIGKILL'),
    async stop() {
      stopped = true
      const forced = setTimeout(() => child?.kill('SIGKILL'), 5000)
      await end('SIGTERM')
      clearTimeout(forced)
    },
    command(args) {
      const command = run(['--config', options.configFile, ...args])
      let stdout = ''
      let stderr = ''
      command.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')))
      command.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
      return new Promise((resolve) => {
        command.once('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }))
      })
    },
    lastWords: () => output,
  }
}

/** Asks until the gateway says it is ready, or it ended, or the time is over. */
async function becomesReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + readySeconds * 1000
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the gateway ended before it was ready:\n${output()}`)
    const answer = await fetch(`${url}/health/ready`, {
      signal: AbortSignal.timeout(1000),
    }).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await wait(50)
  }
  throw new Error(`the gateway was not ready within ${readySeconds} s:\n${output()}`)
}

/** A port that was free a moment ago: the identity provider has to know the gateway's address before it starts. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
