import { createServer } from 'node:net'
import type { Command } from 'commander'
import { DataDirInUse, openAdminSocket } from '../../admin/socket.ts'
import type { GatewayConfig } from '../../config/config.ts'
import { writeBanner, describeReady } from '../banner.ts'
import { addCommand } from '../command.ts'
import { Complaint } from '../complaint.ts'
import type { Composition, RunningGateway } from '../composition.ts'
import type { Context } from '../context.ts'
import { exitCode } from '../exit-code.ts'
import { requireConfig } from '../find-config.ts'
import { createLogWriter } from '../log-writer.ts'
import type { Act } from '../program.ts'

type Mode = 'dev' | 'start'

export function addServeCommands(program: Command, act: Act): void {
  addCommand(program, {
    usage: 'dev',
    summary: 'run the gateway with permissive defaults, which it lists',
    examples: [
      ['sallyport dev', 'with sallyport.yaml here, or with nothing at all'],
      ['sallyport dev --port 8080', 'on another port'],
      ['sallyport dev -c try.yaml --json', 'with another file, and its log as JSON lines'],
    ],
    next: 'sallyport check, which says what must change for sallyport start',
  })
    .option('-p, --port <port>', 'listen here (0: any free port)')
    .action(
      act((context, options: { readonly port?: string }) =>
        serve(context, 'dev', options.port === undefined ? undefined : readPort(options.port)),
      ),
    )
  addCommand(program, {
    usage: 'start',
    summary: 'run the gateway; refuses a configuration that is only fit for trying',
    examples: [
      ['sallyport start', 'with sallyport.yaml here'],
      ['sallyport start -c /etc/sallyport/sallyport.yaml', 'with this file'],
      ['sallyport start --json', 'its log as JSON lines on stdout'],
    ],
    next: 'sallyport status',
  }).action(act((context) => serve(context, 'start', undefined)))
}

/** Runs until a signal. The first signal drains, a second one ends the process at once. */
async function serve(context: Context, mode: Mode, port: number | undefined): Promise<number> {
  const { terminal } = context
  const startedAt = performance.now()
  const config = requireConfig(context, mode, port === 0 ? await freePort() : port)
  const stopped = new Promise<'SIGINT' | 'SIGTERM'>((stop) => {
    let isStopping = false
    terminal.onSignal((signal) => {
      if (isStopping) terminal.exit(exitCode.interrupted)
      isStopping = true
      stop(signal)
    })
  })
  const log = createLogWriter(context)
  const composition = await context.loadComposition()
  const opened = await openOnFreePort(context, composition, config, log)
  const admin = await openAdmin(opened, log)
  const readyInMs = Math.round(performance.now() - startedAt)
  const banner = { config: opened.config, url: opened.gateway.url, readyInMs }
  if (context.json) terminal.out(`${JSON.stringify(describeReady(banner))}\n`)
  else terminal.err(writeBanner(banner, context.style))
  const signal = await stopped
  const seconds = opened.config.listen.drainSeconds
  log({
    level: 'info',
    event: 'stopping',
    message: `${signal}: running requests may finish within ${seconds} s; again to stop at once`,
  })
  await admin.close()
  await opened.gateway.drain()
  log({ level: 'info', event: 'stopped', message: 'stopped' })
  return exitCode.ok
}

interface Opened {
  readonly gateway: RunningGateway
  readonly config: GatewayConfig
}

const portsToTry = 10

/** `dev` takes the next port when its own is taken, unless the URL in the file names that port. */
async function openOnFreePort(
  context: Context,
  composition: Composition,
  first: GatewayConfig,
  log: ReturnType<typeof createLogWriter>,
): Promise<Opened> {
  let config = first
  for (let tries = 1; ; tries++) {
    try {
      return { gateway: await composition.openGateway(config, log), config }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw asComplaint(error, config)
      const { port } = config.listen
      const next = config.mode === 'dev' ? requireConfig(context, 'dev', port + 1) : config
      const isUrlFree = next.ath.baseUrl !== config.ath.baseUrl
      if (!isUrlFree || tries === portsToTry)
        throw new Complaint(exitCode.failed, `port ${port} on ${config.listen.host} is taken`, {
          tried: `to listen on ${config.listen.host}:${port}`,
          fix: 'stop whatever listens there, or set gateway.listen.port',
        })
      log({
        level: 'warn',
        event: 'port_taken',
        message: `port ${port} is taken, taking ${port + 1}`,
      })
      config = next
    }
  }
}

function asComplaint(error: unknown, config: GatewayConfig): unknown {
  const { code } = error as NodeJS.ErrnoException
  const tried = `to listen on ${config.listen.host}:${config.listen.port}`
  if (code === 'EACCES')
    return new Complaint(exitCode.failed, `port ${config.listen.port} is not permitted`, {
      tried,
      fix: 'use a port above 1023, or grant CAP_NET_BIND_SERVICE',
    })
  if (code === 'EADDRNOTAVAIL')
    return new Complaint(exitCode.failed, `${config.listen.host} is no address of this machine`, {
      tried,
      fix: 'set gateway.listen.host to 127.0.0.1, 0.0.0.0 or an address of this machine',
    })
  return error
}

async function openAdmin(
  { gateway, config }: Opened,
  log: ReturnType<typeof createLogWriter>,
): Promise<{ close(): Promise<void> }> {
  try {
    return await openAdminSocket(config.dataDir, gateway.adminApi, (cause) =>
      log({
        level: 'error',
        event: 'admin_failed',
        message: 'a request of the command line failed',
        details: { cause: String(cause) },
      }),
    )
  } catch (error) {
    await gateway.drain()
    throw new Complaint(exitCode.failed, (error as Error).message, {
      tried: `to open the operators' socket in ${config.dataDir}`,
      fix:
        error instanceof DataDirInUse
          ? 'stop the other gateway, or give this one its own gateway.data_dir'
          : 'set gateway.data_dir to a shorter path in a folder that this user may write',
    })
  }
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text)
  throw new Complaint(exitCode.usage, `--port: \`${text}\` is not a port`, {
    fix: 'write a number, 0 to 65535',
  })
}

/** The public URL holds the port, so it must be known before anything listens. */
function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer()
    probe.once('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
