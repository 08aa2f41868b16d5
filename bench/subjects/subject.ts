import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../machine.ts'
import { nodeCommand, type Processes, type Running } from '../processes.ts'
import { agentId, providerId, writeGatewayConfig } from './gateway.ts'
import { writeNginxConfig } from './nginx.ts'
import { type Parties, seed, seedHandshakes } from './seed.ts'

/** What is measured. `direct` is the upstream itself. */
export type SubjectName = 'gateway' | 'bare-path' | 'bare-undici' | 'bare-pipe' | 'nginx' | 'direct'

/** Something that answers, and how to ask it. */
export interface Subject {
  readonly name: SubjectName
  readonly port: number
  /** Before the path that the upstream sees. */
  readonly prefix: string
  readonly pid: number
  readonly credentials: Credentials
  stop(): Promise<void>
}

/** Sent to every subject alike, so that heads are equally long. */
export interface Credentials {
  readonly tokenPrefix: string
  readonly tokens: number
  readonly agentId: string
}

const noCredentials: Credentials = { tokenPrefix: `ath_tk_${'0'.repeat(35)}`, tokens: 1, agentId }
const gatewayEntry = fileURLToPath(new URL('../../packages/gateway/src/main.ts', import.meta.url))
const gatewayPrefix = `/ath/proxy/${providerId}`

/** The proxies that can run here, the gateway first. */
export function availableSubjects(): readonly SubjectName[] {
  const nginx: readonly SubjectName[] = findProgram('nginx') ? ['nginx'] : []
  return ['gateway', 'bare-path', 'bare-undici', 'bare-pipe', ...nginx]
}

export function startSubject(
  processes: Processes,
  name: Exclude<SubjectName, 'direct'>,
  upstream: string,
): Promise<Subject> {
  if (name === 'gateway') return startGateway(processes, upstream, 1)
  if (name === 'nginx') return startNginx(processes, upstream)
  return startBare(processes, name, upstream)
}

/** The upstream without a proxy: what latencies are compared with. */
export function directSubject(port: number): Subject {
  const stop = async () => {}
  return { name: 'direct', port, prefix: '', pid: 0, credentials: noCredentials, stop }
}

/** The real gateway, on a store that holds `tokens` live tokens. */
export async function startGateway(
  processes: Processes,
  upstream: string,
  tokens: number,
): Promise<Subject> {
  const folder = mkdtempSync(join(processes.folder, 'gateway-'))
  const port = await freePort()
  const config = writeGatewayConfig(folder, port, upstream)
  const tokenPrefix = await seed(join(folder, 'data'), tokens)
  const running = launchGateway(processes, config)
  return {
    name: 'gateway',
    port: await ready(running, port),
    prefix: gatewayPrefix,
    pid: running.pid,
    credentials: { tokenPrefix, tokens, agentId },
    stop: () => stopAndRemove(running, folder),
  }
}

/** The real gateway, with an approved agent that has a DID and a user who registered a key. */
export async function startHandshakeGateway(
  processes: Processes,
  parties: Parties,
): Promise<Pick<Subject, 'port' | 'pid' | 'stop'>> {
  const folder = mkdtempSync(join(processes.folder, 'gateway-'))
  const port = await freePort()
  const config = writeGatewayConfig(folder, port, 'http://127.0.0.1:9')
  await seedHandshakes(join(folder, 'data'), parties)
  const running = launchGateway(processes, config)
  return {
    port: await ready(running, port),
    pid: running.pid,
    stop: () => stopAndRemove(running, folder),
  }
}

/** Milliseconds from the start of the process until the gateway serves, each time on the store of the time before. */
export async function timeStarts(processes: Processes, count: number): Promise<number[]> {
  const folder = mkdtempSync(join(processes.folder, 'gateway-'))
  const port = await freePort()
  const config = writeGatewayConfig(folder, port, 'http://127.0.0.1:9')
  await seed(join(folder, 'data'), 1)
  const times: number[] = []
  try {
    // The first start is left out: it reads the sources from the disk.
    for (let start = 0; start <= count; start++) {
      const before = performance.now()
      const running = launchGateway(processes, config)
      await ready(running, port)
      if (start > 0) times.push(performance.now() - before)
      await running.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return times
}

function launchGateway(processes: Processes, config: string): Running {
  return processes.start([...nodeCommand, gatewayEntry, 'start', '-c', config, '--json'], 'proxy', {
    environment: { BENCH_LOGIN_SECRET: 'not used: nobody signs in' },
  })
}

/** The gateway says when it serves, after what it warns of. */
async function ready(running: Running, port: number): Promise<number> {
  for (;;) {
    const { event } = (await running.nextLine()) as { readonly event?: string }
    if (event === 'ready') return port
  }
}

async function startBare(
  processes: Processes,
  name: 'bare-path' | 'bare-undici' | 'bare-pipe',
  upstream: string,
): Promise<Subject> {
  const running = processes.startEntry(`./subjects/${name}.ts`, 'proxy', { upstream })
  const { port } = (await running.nextLine()) as { readonly port: number }
  return {
    name,
    port,
    prefix: name === 'bare-path' ? gatewayPrefix : '',
    pid: running.pid,
    credentials: noCredentials,
    stop: () => running.stop(),
  }
}

async function startNginx(processes: Processes, upstream: string): Promise<Subject> {
  const folder = mkdtempSync(join(processes.folder, 'nginx-'))
  const port = await freePort()
  const config = writeNginxConfig(folder, port, upstream)
  const program = findProgram('nginx') as string
  const running = processes.start([program, '-p', folder, '-c', config], 'proxy')
  await answers(port)
  return {
    name: 'nginx',
    port,
    prefix: '',
    pid: running.pid,
    credentials: noCredentials,
    stop: () => stopAndRemove(running, folder),
  }
}

async function stopAndRemove(running: Running, folder: string): Promise<void> {
  await running.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** nginx says nothing when it listens. */
async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const connected = await fetch(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.timeout(1000),
    }).then(
      async (response) => {
        await response.body?.cancel()
        return true
      },
      () => false,
    )
    if (connected) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`nothing listens on port ${port}`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
