import { Command } from 'commander'
import { addAgentCommands } from './commands/agents.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addCheckCommand } from './commands/check.ts'
import { addGrantCommands } from './commands/grants.ts'
import { addSchemaCommand } from './commands/schema.ts'
import { addSessionCommands } from './commands/sessions.ts'
import { addServeCommands } from './commands/serve.ts'
import { addStatusCommand } from './commands/status.ts'
import type { Context } from './context.ts'
import { version } from './version.ts'

/** Runs one command and gives its exit status. */
export type Act = <Args extends unknown[]>(
  run: (context: Context, ...args: Args) => Promise<number> | number,
) => (...args: Args) => Promise<void>

/** All commands of `sallyport`. `act` gives each its context and keeps its exit status. */
export function createProgram(act: Act): Command {
  const program = new Command('sallyport')
    .description(
      'The gateway that lets AI agents in only when the service approved and the user agreed',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .option('-c, --config <file>', 'the configuration file (default: sallyport.yaml here)')
    .option('--data-dir <folder>', 'the data folder, instead of gateway.data_dir')
    .option('--json', 'print results as JSON, for machines')
    .option('--no-color', 'no colours (also: NO_COLOR=1)')
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, helpWidth: 110 })
    .addHelpText(
      'after',
      `
Examples:
  $ sallyport dev                     try it, with permissive defaults that it lists
  $ sallyport check                   is the configuration fit for sallyport start?
  $ sallyport agents list             who is registered, and who waits for a decision

Exit status: 0 ok, 1 failed, 3 usage or configuration, 7 not reachable, 8 evidence does not hold,
130 interrupted`,
    )
  addServeCommands(program, act)
  addCheckCommand(program, act)
  addStatusCommand(program, act)
  addAgentCommands(program, act)
  addGrantCommands(program, act)
  addSessionCommands(program, act)
  addAuditCommands(program, act)
  addSchemaCommand(program, act)
  return program
}
