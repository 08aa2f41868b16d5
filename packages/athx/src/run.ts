import { type Command, CommanderError } from 'commander'
import type { ExitCode } from './exit-code.ts'
import { readFlags } from './flags.ts'
import type { Io } from './io.ts'
import { createOutput } from './output/output.ts'
import { report } from './output/report.ts'
import { type Act, createProgram } from './program.ts'
import { findSettingValue } from './setting-source.ts'
import { readConfig } from './state/config-file.ts'
import { findHome } from './state/home.ts'

/** Runs one command line and returns the exit code. Never exits and never throws. */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = 0
  let json = argv.includes('--json') || io.env['ATH_FORMAT'] === 'json'
  const act: Act = async (spec, args, command) => {
    const home = findHome(io)
    const flags = readFlags(command.optsWithGlobals())
    const config = await readConfig(home)
    const format = findSettingValue({ flags, io, config }, 'format')
    json = flags.on('json') || format === 'json'
    const out = createOutput(io, { json, quiet: flags.on('quiet') })
    exitCode = (await spec.run?.({ io, out, flags, home, config }, args, command)) ?? 0
  }
  const program = createProgram(act)
  forEachCommand(program, (command) =>
    command.configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text.replace(/^error: /, 'athx: ')),
    }),
  )
  try {
    // A bare `athx` asks what it can do; that is no mistake.
    if (argv.length === 0) {
      program.outputHelp()
      return 0
    }
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, io, json)
    // commander has written its message already; what it calls an error is always bad usage.
    if (error.exitCode === 0) return 0
    const verb = program.commands.find((command) => command.name() === argv[0])?.name()
    io.stderr.write(`  fix    see: athx ${verb === undefined ? 'help' : `help ${verb}`}\n`)
    return 3
  }
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command)
  for (const child of command.commands) forEachCommand(child, visit)
}
