import { CommanderError } from 'commander'
import { Complaint, describeComplaint, writeComplaint } from './complaint.ts'
import type { Composition } from './composition.ts'
import type { Context } from './context.ts'
import { exitCode } from './exit-code.ts'
import { ConfigComplaint, writeProblems } from './find-config.ts'
import { createProgram } from './program.ts'
import { createStyle, type Terminal } from './terminal.ts'

/** Runs `sallyport` with these arguments and gives the exit status. Nothing here ends the process. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  loadComposition: () => Promise<Composition>,
): Promise<number> {
  let status: number = exitCode.ok
  const program = createProgram((command) => async (...args) => {
    const options = program.opts()
    const context: Context = {
      terminal,
      style: createStyle(terminal.hasColour && options['color'] !== false),
      json: options['json'] === true,
      configFile: options['config'],
      dataDir: options['dataDir'],
      loadComposition,
    }
    status = await command(context, ...args)
  })
  const silence = () => undefined
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])])
    command
      .exitOverride()
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: silence })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    return report(error, terminal, argv, program.opts()['color'] !== false)
  }
}

function report(
  error: unknown,
  terminal: Terminal,
  argv: readonly string[],
  isColourAllowed: boolean,
): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.ok
    // A noun without its verb: its help was printed already.
    if (error.code === 'commander.help') return exitCode.usage
  }
  const complaint = asComplaint(error, argv)
  if (argv.includes('--json')) terminal.out(`${JSON.stringify(asJson(complaint), null, 2)}\n`)
  else {
    if (complaint instanceof ConfigComplaint) terminal.err(writeProblems(complaint.problems))
    terminal.err(writeComplaint(complaint, createStyle(terminal.hasColour && isColourAllowed)))
  }
  return complaint.exitCode
}

function asJson(complaint: Complaint): object {
  return complaint instanceof ConfigComplaint
    ? { ...describeComplaint(complaint), problems: complaint.problems }
    : describeComplaint(complaint)
}

function asComplaint(error: unknown, argv: readonly string[]): Complaint {
  if (error instanceof Complaint) return error
  if (error instanceof CommanderError) {
    const [first = '', hint] = error.message.replace(/^error: /, '').split('\n')
    const suggestion = /Did you mean (.*)\?/.exec(hint ?? '')?.[1]
    return new Complaint(exitCode.usage, first, {
      fix: suggestion ? `did you mean ${suggestion}?` : 'see: sallyport help',
    })
  }
  // Errors of the gateway's parts carry their fix.
  const { message, fix } = error as Error & { readonly fix?: unknown }
  const problem = typeof fix === 'string' ? (message.split('\nFix: ')[0] ?? message) : message
  return new Complaint(exitCode.failed, problem || String(error), {
    tried: `sallyport ${argv[0] ?? ''}`,
    ...(typeof fix === 'string' ? { fix } : {}),
  })
}
