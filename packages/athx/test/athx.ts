import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  createStrictGateway,
  createTestAgent,
  type StrictGateway,
  type StrictGatewayOptions,
  type TestAgent,
} from '@sallyport/testing'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly done: Promise<Ran>
  /** Resolves when the text has appeared on stdout or stderr. */
  saw(text: string | RegExp): Promise<void>
  interrupt(): void
}

/** athx with a home of its own. */
export interface Athx {
  readonly home: string
  start(args: readonly string[], options?: RunOptions): Running
  athx(args: readonly string[], options?: RunOptions): Promise<Ran>
}

export interface Setup extends Athx {
  readonly agent: TestAgent
  readonly gateway: StrictGateway
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Without gateway, agent id and key in the environment. */
  readonly bare?: boolean
}

/** The real athx with a gateway that verifies everything. */
export async function setUp(
  test: TestContext,
  options: Omit<StrictGatewayOptions, 'agent'> = {},
): Promise<Setup> {
  const agent = await createTestAgent()
  const gateway = await createStrictGateway({ agent, ...options })
  test.after(() => gateway.close())
  const own = await createAthx(test, {
    [options.native ? 'ATH_SERVICE' : 'ATH_GATEWAY']: gateway.url,
    ATH_AGENT_ID: agent.agentId,
    ATH_PRIVATE_KEY: agent.key.privatePem,
    ATH_KEY_ID: agent.key.kid,
  })
  return { ...own, agent, gateway }
}

/** The real athx as its own process; `settings` are its environment unless a run is bare. */
export async function createAthx(
  test: TestContext,
  settings: Readonly<Record<string, string>>,
): Promise<Athx> {
  const home = await mkdtemp(join(tmpdir(), 'athx-test-'))
  const children = new Set<() => void>()
  test.after(async () => {
    for (const kill of children) kill()
    await rm(home, { recursive: true, force: true })
  })

  const start = (args: readonly string[], { env = {}, stdin, bare = false }: RunOptions = {}) => {
    const child = spawn(process.execPath, ['--conditions=sallyport-source', main, ...args], {
      cwd: home,
      stdio: 'pipe',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        ATHX_HOME: join(home, 'athx'),
        // Each run is a process of its own; without this each would compile every source anew.
        NODE_COMPILE_CACHE: join(tmpdir(), 'athx-test-compiled'),
        ...(bare ? {} : settings),
        ...env,
      },
    })
    const kill = () => child.kill('SIGKILL')
    children.add(kill)
    let stdout = ''
    let stderr = ''
    const watchers = new Set<() => void>()
    const heard = () => {
      for (const look of watchers) look()
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      heard()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      heard()
    })
    child.stdin.end(stdin ?? '')
    const done = once(child, 'close').then(([code]): Ran => {
      children.delete(kill)
      return { code: code as number | null, stdout, stderr }
    })
    return {
      done,
      interrupt: () => child.kill('SIGINT'),
      saw: (wanted: string | RegExp) =>
        new Promise<void>((resolve, reject) => {
          const look = () => {
            const text = stdout + stderr
            if (typeof wanted === 'string' ? !text.includes(wanted) : !wanted.test(text)) return
            watchers.delete(look)
            resolve()
          }
          watchers.add(look)
          look()
          void done.then(() => reject(new Error(`athx ended first: ${stdout}${stderr}`)))
        }),
    }
  }
  return { home, start, athx: (args, options) => start(args, options).done }
}
