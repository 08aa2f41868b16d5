import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Browser, openBrowser } from '@sallyport/testing'
import { inRoot } from '../workspace.ts'
import { type Block, findOrder, readCommands } from './blocks.ts'

/** What a command wrote, and how it ended. */
interface Told {
  readonly command: string
  readonly status: number | null
  readonly output: string
}

/** Somebody with a fresh copy of the repository who does what the pages say. */
export interface Reader {
  readonly folder: string
  /** Does what the orders of the block say. */
  follow(block: Block): Promise<void>
  /** The port that is used for one that the pages name. */
  port(named: number): number
  /** Every output until now, the newest last. */
  told(): readonly Told[]
}

/**
 * The ports that the pages name. One reader at a time may use them; for others, and where one of them is taken here, all
 * are replaced, in commands, files and outputs.
 */
const namedPorts = [3000, 7080, 7085, 7086, 8080]
const commandSeconds = 30

/** What a page’s placeholder looks like on the screen; the newest is meant. */
const copiedShapes = {
  client_id: /\bath_(?!tk|ses|code|uc)[\w-]{20,}/g,
  grant: /\bgnt_[\w-]{10,}/g,
  did: /\bdid:ath:[\w-]{43}/g,
  question: /\breq_[\w-]{16}/g,
}

export async function createReader(
  t: TestContext,
  { ports: wanted }: { readonly ports: 'named' | 'any' },
): Promise<Reader> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-reader-'))
  for (const name of ['package.json', 'package-lock.json', 'node_modules', 'packages', 'scripts'])
    symlinkSync(inRoot(name), join(folder, name))
  const home = join(folder, 'home')
  mkdirSync(home)
  writeShorthands(join(home, 'bin'), folder)
  const ports = await choosePorts(wanted)
  const running = new Set<ChildProcess>()
  const told: Told[] = []
  let browser: Promise<Browser> | undefined
  let last = ''
  let stayed: ReturnType<typeof start> | undefined
  t.after(async () => {
    for (const child of running) endGroup(child, 'SIGKILL')
    await (await browser)?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const here = (text: string) =>
    text.replace(
      /(?<!\d)(?:3000|7080|7085|7086|8080)(?!\d)/g,
      (port) => `${ports.get(Number(port))}`,
    )

  /** What a person copies from the screen. */
  const copied = (command: string) =>
    command.replace(
      /<(client_id|grant|did|question)>/g,
      (placeholder, what: keyof typeof copiedShapes) => {
        const seen = told.flatMap(({ output }) => output.match(copiedShapes[what]) ?? []).at(-1)
        assert.ok(seen, `nothing on the screen could be copied for ${placeholder}`)
        return seen
      },
    )

  function start(command: string) {
    const child = spawn('sh', ['-c', withPorts(copied(here(command)), ports)], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
        HOME: home,
        NODE_COMPILE_CACHE: join(tmpdir(), 'sallyport-reader-compiled'),
        npm_config_update_notifier: 'false',
        ...findToken(home),
      },
    })
    running.add(child)
    const said = { stdout: '', stderr: '' }
    const output = () => `${said.stdout}\n${said.stderr}`
    const hearing = new Set<() => void>()
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        said[name] += text
        for (const hear of hearing) hear()
      })
    const done = once(child, 'close').then(([status]) => {
      running.delete(child)
      for (const hear of hearing) hear()
      return status as number | null
    })
    return {
      child,
      done,
      output,
      /** Resolves with the first match of what it says. */
      says: (wanted: RegExp) =>
        new Promise<RegExpExecArray>((resolve, reject) => {
          const hear = () => {
            const match = wanted.exec(output())
            if (match) resolve(match)
            else if (child.exitCode !== null) reject(new Error(`it ended first:\n${output()}`))
          }
          hearing.add(hear)
          hear()
        }),
    }
  }

  async function within<T>(work: Promise<T>, what: string, said: () => string): Promise<T> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), commandSeconds * 1000)
    const tooLate = once(late.signal, 'abort').then(() => {
      throw new Error(`${what} took longer than ${commandSeconds} s and said:\n${said()}`)
    })
    return Promise.race([work, tooLate]).finally(() => clearTimeout(timer))
  }

  async function approve(url: string): Promise<void> {
    browser ??= openBrowser()
    const page = await (await browser).newPage()
    await page.goto(url)
    await page.getByRole('button', { name: /^(?:Approve|Add this key)$/ }).click()
    await page.waitForURL(
      (now) => now.pathname === '/ath/callback' || now.searchParams.get('done') === 'added',
    )
    await page.close()
  }

  async function run(block: Block): Promise<void> {
    const expected = (findOrder(block, 'exits') ?? '').split(' ').filter(Boolean).map(Number)
    const stays = findOrder(block, 'until')
    last = ''
    for (const [at, command] of readCommands(block.text).entries()) {
      const where = `${block.place}: ${command}`
      const one = start(command)
      if (stays !== undefined && at === readCommands(block.text).length - 1) {
        await within(one.says(new RegExp(literal(stays))), where, one.output)
        last += one.output()
        told.push({ command, status: null, output: one.output() })
        stayed = one
        return
      }
      if (findOrder(block, 'person') !== undefined) {
        const [, url = ''] = await within(
          one.says(/^(?:open|register at)\s+(\S+)$/m),
          where,
          one.output,
        )
        await approve(url)
      }
      const status = await within(one.done, where, one.output)
      last += one.output()
      told.push({ command, status, output: one.output() })
      assert.equal(status, expected[at] ?? 0, `${where}\n${one.output()}`)
    }
    const says = findOrder(block, 'says')
    if (says !== undefined && stayed)
      await within(stayed.says(new RegExp(literal(says))), block.place, stayed.output)
  }

  return {
    folder,
    port: (named) => ports.get(named) ?? named,
    told: () => told,
    async follow(block) {
      const file = findOrder(block, 'file')
      if (file !== undefined) {
        mkdirSync(dirname(join(folder, file)), { recursive: true })
        writeFileSync(join(folder, file), here(block.text))
      }
      if (findOrder(block, 'run') !== undefined) await run(block)
      if (findOrder(block, 'prints') !== undefined)
        for (const line of block.text.split('\n').filter((line) => line.trim() !== ''))
          assert.match(
            last,
            new RegExp(`^\\s*${here(line).trim().split('…').map(literal).join('.*')}\\s*$`, 'm'),
            `${block.place}: the command before it does not print this line`,
          )
    },
  }
}

const literal = (text: string) =>
  text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+')

/** `sallyport` and `athx` by themselves, as pages write them, faster than through npm; `node` finds the sources here. */
function writeShorthands(bin: string, folder: string): void {
  mkdirSync(bin)
  const node = `exec "${process.execPath}" --conditions=sallyport-source`
  writeFileSync(join(bin, 'node'), `#!/bin/sh\n${node} "$@"\n`, { mode: 0o755 })
  for (const [name, entry] of [
    ['sallyport', 'packages/gateway/src/main.ts'],
    ['athx', 'packages/athx/src/main.ts'],
  ] as const)
    writeFileSync(join(bin, name), `#!/bin/sh\n${node} "${join(folder, entry)}" "$@"\n`, {
      mode: 0o755,
    })
}

/** The variables that pages with curl name: the token that athx keeps, and its agent. */
function findToken(home: string): Record<string, string> {
  const [kept] = globSync('.config/athx/gateways/*/tokens/*.json', { cwd: home })
  if (kept === undefined) return {}
  const read = (path: string) => JSON.parse(readFileSync(join(home, path), 'utf8'))
  return {
    TOKEN: read(kept).accessToken,
    AGENT_ID: read('.config/athx/config.json').settings['agent-id'],
  }
}

async function choosePorts(wanted: 'named' | 'any'): Promise<ReadonlyMap<number, number>> {
  const isFree = async (port: number) => {
    const probe = createServer()
    probe.listen(port, '127.0.0.1')
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    const address = probe.address()
    if (free) await new Promise((done) => probe.close(done))
    return free && typeof address === 'object' && address ? address.port : undefined
  }
  const own = wanted === 'any' ? [undefined] : await Promise.all(namedPorts.map(isFree))
  if (own.every((port) => port !== undefined))
    return new Map(namedPorts.map((port) => [port, port]))
  const others = await Promise.all(namedPorts.map(() => isFree(0)))
  return new Map(namedPorts.map((port, at) => [port, others[at] ?? port]))
}

/** Commands whose port is a default do not name it; where it is taken here they are told another. */
function withPorts(command: string, ports: ReadonlyMap<number, number>): string {
  if (ports.get(7080) === 7080) return command
  if (/^npm run dev\b/.test(command)) return `${command} -- --port ${ports.get(7080)}`
  if (/\bsallyport(?: --)? dev\b/.test(command)) return `${command} --port ${ports.get(7080)}`
  if (/\bagent init --serve\b/.test(command)) return `${command} --port ${ports.get(7085)}`
  return command
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** `sallyport` in a folder, with nothing of this process's environment but PATH and what is given. */
export async function runSallyport(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const main = inRoot('packages/gateway/src/main.ts')
  const child = spawn(process.execPath, ['--conditions=sallyport-source', main, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output }
}

export const readPage = (page: string): string => readFileSync(inRoot(page), 'utf8')
