import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gatewayAddresses, writeGatewayConfig } from './gateway-config.ts'
import { createGatewayProcess, findFreePort } from './gateway-process.ts'
import { findChromium } from './person/chromium.ts'
import { createHuman } from './person/human.ts'
import type { Person } from './person/person.ts'
import { type DemoArguments, readArguments, usage } from './run/arguments.ts'
import { createJsonReporter, createTextReporter } from './run/report.ts'
import { runSteps } from './run/step.ts'
import { createStage, type Places } from './steps/stage.ts'
import { steps } from './steps/steps.ts'
import { whatToTry } from './run/what-to-try.ts'
import { findShopUrl } from './shop/start-shop.ts'
import { openShopDoors } from './shop-doors.ts'
import { startWorld } from './world/world.ts'

const exitCodes = { met: 0, notMet: 1, notStarted: 2, usage: 3, interrupted: 130 } as const
/** People read before they click. */
const personSeconds = 600
const browserSeconds = 45

const parsed = readArguments(process.argv.slice(2))
if (typeof parsed === 'string') {
  process.stderr.write(`demo: ${parsed}\n\n${usage}`)
  process.exitCode = exitCodes.usage
} else if (parsed.help) {
  process.stdout.write(usage)
} else {
  const exitCode = await demo(parsed)
  // After an interruption or a failed step an agent may still wait for an answer that nobody will give.
  if (exitCode === exitCodes.interrupted || exitCode === exitCodes.notMet) process.exit(exitCode)
  process.exitCode = exitCode
}

async function demo(args: DemoArguments): Promise<number> {
  const cleanups: (() => Promise<unknown>)[] = []
  const interrupt = new AbortController()
  const interrupted = once(interrupt.signal, 'abort').then(() => undefined)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupt.abort())
  try {
    const exitCode = await Promise.race([run(args, cleanups, interrupt.signal), interrupted])
    if (exitCode === undefined) return exitCodes.interrupted
    if (!args.auto) await interrupted
    return exitCode
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`)
    return exitCodes.notStarted
  } finally {
    for (const clean of cleanups.reverse()) await clean().catch(() => undefined)
  }
}

async function run(
  args: DemoArguments,
  cleanups: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<number> {
  const talk = args.json ? process.stderr : process.stdout
  const say = (line: string) => void talk.write(`${line}\n`)
  const startedAt = performance.now()
  // Before anything is started: without a browser there is nothing to start for.
  const executable = args.auto ? findChromium((line) => void process.stderr.write(`${line}\n`)) : ''

  const folder = await mkdtemp(join(tmpdir(), 'sallyport-demo-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const { configFile, ...places } = await open(args, folder, cleanups)
  const { gateway } = places
  const person: Person = args.auto
    ? await openBrowserPerson(executable)
    : createHuman({ say, lang: args.lang, open: talk.isTTY })
  cleanups.push(() => person.close())

  const zh = args.lang === 'zh'
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  say(
    zh
      ? `\nBlue Harbour Co. 蓝港公司   网关 ${gateway.url}   ${seconds} 秒就绪\n`
      : `\nBlue Harbour Co. 蓝港公司   gateway ${gateway.url}   ready in ${seconds} s\n`,
  )
  const reporter = args.json
    ? createJsonReporter(process.stdout)
    : createTextReporter(process.stdout, args.lang, process.stdout.isTTY)
  const stage = await createStage(places, person, args.lang)
  const met = await runSteps(steps, stage, reporter, {
    stepSeconds: args.auto ? browserSeconds : personSeconds,
    signal,
  })
  if (signal.aborted) return exitCodes.interrupted
  say(
    zh
      ? `\n   ${steps.length} 项预期，${met} 项符合`
      : `\n   ${met} of ${steps.length} expectations met`,
  )
  if (met < steps.length)
    process.stderr.write(`\nthe gateway's last words:\n${gateway.lastWords()}\n`)
  if (!args.auto) for (const line of whatToTry(places, configFile, args.lang)) say(line)
  return met === steps.length ? exitCodes.met : exitCodes.notMet
}

/** The driver of the browser takes 50 MB, so it is loaded only where it is needed. */
async function openBrowserPerson(executable: string): Promise<Person> {
  const { createBrowserPerson } = await import('./person/browser.ts')
  return createBrowserPerson(executable)
}

/** Starts the company and, before it, the gateway. */
async function open(
  args: DemoArguments,
  folder: string,
  cleanups: (() => Promise<unknown>)[],
): Promise<Places & { readonly configFile: string }> {
  // By name: browsers give passkeys to no bare address (WebAuthn §5.1.2).
  const url = `http://localhost:${await findFreePort()}`
  const shopUrl = await findShopUrl()
  const world = await startWorld({ ...gatewayAddresses(url), shopUrl })
  cleanups.push(() => world.close())
  const shop = await openShopDoors(shopUrl, world)
  cleanups.push(() => shop.close())
  const { yaml, environment } = writeGatewayConfig(url, world, args.lang)
  const configFile = join(folder, 'sallyport.yaml')
  await writeFile(configFile, yaml, { mode: 0o600 })
  const gateway = createGatewayProcess({
    url,
    configFile,
    dataDir: join(folder, 'data'),
    environment,
  })
  cleanups.push(() => gateway.stop())
  await gateway.start()
  return { world, gateway, shop, configFile }
}
