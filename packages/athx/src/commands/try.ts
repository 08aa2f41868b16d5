import { once } from 'node:events'
import { resolve } from 'node:path'
import type { CommandSpec } from '../command-spec.ts'
import { type ExitCode, exitCodeOf } from '../exit-code.ts'
import { addScopeOptions, readDuration, scopesOf } from '../flags.ts'
import { stepTimeout } from '../handshake-agent.ts'
import { duration, shown } from '../output/shown.ts'
import { waitingLine } from '../output/waiting.ts'
import { findPlace, isOnThisMachine } from '../place.ts'
import type { RunContext } from '../run-context.ts'
import { findSource } from '../setting-source.ts'
import type { Trial } from '../try/trial.ts'
import type { Step } from '../try/steps.ts'
import { UsageError } from '../usage-error.ts'

const collect = (value: string, before: readonly string[] = []) => [...before, value]

/** Named so because `try` is a word of the language. */
export const tryApp: CommandSpec = {
  usage: 'try',
  summary:
    'Drive every step against your app as a test agent and print each one: is it plugged in as it should be?',
  examples: [
    'athx try',
    'athx try --service http://localhost:3000 --auto',
    'athx try --service http://localhost:3000 --get /api/products --json',
  ],
  next: 'athx connect --service <url> --scopes <list>, with an agent of your own',
  options: (command) => {
    addScopeOptions(command, 'scopes to ask for (default: all on offer)')
    command
      .option('--handshake <kind>', 'two-phase (default) or nine-step')
      .option('--auto', 'answer the consent pages of a development log-in (devIdp), too')
      .option('--open', 'open the consent page in a browser')
      .option('--get <path>', 'a path to call with GET; may be repeated', collect)
      .option(
        '--dir <folder>',
        'the app’s folder, for the routes in its ath.config (default: this one)',
      )
      .option('--wait-timeout <duration>', 'how long to wait for the person (default 10m)')
  },
  run: tryNative,
}

async function tryNative(context: RunContext): Promise<ExitCode> {
  const { flags, io, out } = context
  // Only this command needs a parser: the others start without it.
  const { readKnownApp } = await import('../try/known-routes.ts')
  const { createExchangeLog } = await import('../try/exchange-log.ts')
  const { createSteps, Stopped } = await import('../try/steps.ts')
  const { startTestAgent } = await import('../try/test-agent.ts')
  const { shakeTwoPhase } = await import('../try/two-phase.ts')
  const { shakeNineStep } = await import('../try/nine-step.ts')
  const { useAccess } = await import('../try/use-access.ts')
  const known = await readKnownApp(resolve(io.cwd, flags.text('dir') ?? '.'))
  const service = findService(context, known?.url)
  const limit = flags.text('waitTimeout')
  const waitSeconds = limit ? readDuration(limit, '--wait-timeout') : undefined
  const isNineStep = readHandshake(flags)
  const isAsked = flags.text('scopes') ?? flags.text('scope')
  const log = createExchangeLog()
  const trial: Trial = {
    service,
    scopes: isAsked === undefined ? undefined : scopesOf(flags),
    paths: flags.list('get'),
    knownRoutes: (appId) =>
      known && (known.appId === undefined || known.appId === appId) ? known : undefined,
    consent: flags.on('auto') ? 'auto' : flags.on('open') ? 'open' : 'print',
    waitSeconds,
    timeoutSeconds: stepTimeout(context),
    sayQuestion: ({ authorizationUrl, startedAt }) => {
      out.say(`open      ${authorizationUrl}`)
      out.say(waitingLine({ startedAt, limitSeconds: waitSeconds }, io.now()))
    },
    sayWaiting: (seconds) => out.sayBriefly(`waiting   ${duration(seconds)}`),
    log,
    signal: io.interrupted,
    now: io.now,
  }
  const steps = createSteps(log, (step) => print(context, step), io.interrupted)
  const agent = await startTestAgent()
  try {
    const shake = isNineStep ? shakeNineStep : shakeTwoPhase
    await useAccess(trial, steps, await shake(trial, steps, agent))
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    agent.close()
  }
  const failed = steps.all.filter(({ outcome }) => outcome === 'failed')
  const ok = failed.length === 0
  if (out.json)
    await write(context, {
      type: 'result',
      ok,
      service,
      steps: steps.all.length,
      failed: failed.map(({ step }) => step),
    })
  else
    await write(
      context,
      ok
        ? `all as it should be: the app at ${service} speaks ATH`
        : `${failed.length} of ${steps.all.length} steps failed: ${failed.map(({ step }) => step).join(', ')}`,
    )
  if (ok) return 0
  const [first] = failed
  return first?.step === 'discover' && first.code !== undefined ? exitCodeOf(first.code) : 1
}

function readHandshake(flags: RunContext['flags']): boolean {
  const kind = flags.text('handshake') ?? 'two-phase'
  if (kind !== 'two-phase' && kind !== 'nine-step')
    throw new UsageError(`not a handshake: ${kind}`, 'use two-phase or nine-step')
  const isNineStep = kind === 'nine-step'
  if (isNineStep && !flags.on('auto'))
    throw new UsageError(
      'the nine-step handshake needs a person who has given a key and a permission ahead',
      'add --auto: at a development log-in it makes one up; else, step by step: athx help handshake',
    )
  return isNineStep
}

/** Named, else as the app in this folder says. Only this machine: the test agent cannot be reached from elsewhere. */
function findService(context: RunContext, known: string | undefined): string {
  const named = findSource(context, 'service') ?? findSource(context, 'mode')
  const service = named ? findPlace(context).base : known?.replace(/\/$/, '')
  if (service === undefined)
    throw new UsageError(
      'no app was named',
      'start yours, then: athx try --service http://localhost:3000',
    )
  if (isOnThisMachine(service)) return service
  throw new UsageError(
    `${service} is not on this machine, so it could not fetch the test agent’s document`,
    'try the app where it runs; from here, with an agent that is published: athx connect --service <url>',
  )
}

async function print(context: RunContext, step: Step): Promise<void> {
  if (context.out.json) {
    const { milliseconds, ...rest } = step
    await write(context, { type: 'step', ...rest, milliseconds: Math.round(milliseconds) })
    return
  }
  const { number, method = '', url, status, milliseconds, outcome, learnt, fix } = step
  const target = url === undefined ? '' : shortened(url)
  const time = status === undefined ? '' : `${Math.round(milliseconds)} ms`
  const mark = { ok: ' ', failed: '✗', skipped: '-' }[outcome]
  await write(
    context,
    [
      `${String(number).padStart(2)} ${mark} ${step.step.padEnd(20)} ${method.padEnd(4)} ${target.padEnd(36)} ${String(status ?? '').padEnd(3)} ${time.padStart(7)}  ${learnt}`.trimEnd(),
      ...(fix === undefined ? [] : [`     fix  ${fix}`]),
    ].join('\n'),
  )
}

function shortened(url: string): string {
  const { pathname } = new URL(url)
  return pathname.length > 36 ? `${pathname.slice(0, 35)}…` : pathname
}

/** One line, at once: who watches a try wants to see where it is. */
async function write({ io }: RunContext, line: object | string): Promise<void> {
  const text = typeof line === 'string' ? shown(line) : JSON.stringify(line)
  if (!io.stdout.write(`${text}\n`)) await once(io.stdout, 'drain')
}
