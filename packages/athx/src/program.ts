import { Command, type Help, Option } from 'commander'
import type { CommandSpec } from './command-spec.ts'
import { agent } from './commands/agent.ts'
import { authorize } from './commands/authorize.ts'
import { call, proxy } from './commands/call.ts'
import { completion } from './commands/completion.ts'
import { config } from './commands/config.ts'
import { connect } from './commands/connect.ts'
import { discover } from './commands/discover.ts'
import { doctor } from './commands/doctor.ts'
import { grant } from './commands/grant.ts'
import { handshake } from './commands/handshake.ts'
import { help } from './commands/help.ts'
import { inbox } from './commands/inbox.ts'
import { init } from './commands/init.ts'
import { key } from './commands/key.ts'
import { register } from './commands/register.ts'
import { revoke } from './commands/revoke.ts'
import { status } from './commands/status.ts'
import { token } from './commands/token.ts'
import { tryApp } from './commands/try.ts'
import { version } from './commands/version.ts'
import { refuseSecret } from './secret-input.ts'
import { readVersion } from './version-number.ts'

const everyday = [connect, handshake, call, status, revoke]
const people = [inbox, grant]
const steps = [discover, register, authorize, token, proxy]
const apps = [init, tryApp]
const upkeep = [key, agent, doctor, config, completion, version, help]

const root: Omit<CommandSpec, 'usage'> = {
  summary: 'Agents at their gateway: get access with the consent of service and user, and use it.',
  examples: [
    'athx key new && athx agent init --id https://agent.example/.well-known/agent.json',
    'athx connect oa --scope oa:read --why "query approvals" --gateway https://gw.example',
    'athx call oa GET "/api/approvals?state=open"',
  ],
  next: 'athx help exit-codes · athx help <ERROR_CODE> · athx <command> --help',
}

export type Act = (spec: CommandSpec, args: readonly string[], command: Command) => Promise<void>

/** The whole command line. `act` carries out what was asked; parsing has no effect of its own. */
export function createProgram(act: Act): Command {
  const program = new Command('athx')
  describe(program, root)
  addSharedOptions(program)
  program.version(readVersion(), '-V, --version', 'print the version')
  program.helpCommand(false).exitOverride()
  for (const spec of [...everyday, ...people, ...steps, ...apps, ...upkeep])
    program.addCommand(build(spec, act))
  return program
}

function build(spec: CommandSpec, act: Act): Command {
  const [name = '', ...args] = spec.usage.split(' ')
  const command = new Command(name).exitOverride().helpCommand(false)
  for (const argument of args) command.argument(argument)
  describe(command, spec)
  if (spec.synopsis) command.usage(`[options] ${spec.synopsis}`)
  spec.options?.(command)
  for (const child of spec.commands ?? []) command.addCommand(build(child, act))
  if (spec.run)
    command.action((...given: unknown[]) =>
      act(spec, given.slice(0, args.length).flat().filter(isGiven).map(String), command),
    )
  return command
}

/** An optional argument that was left out arrives as undefined. */
const isGiven = (value: unknown) => value !== undefined

function addSharedOptions(program: Command): void {
  program
    .option('-g, --gateway <url>', 'the gateway, by URL or by its name in the config')
    .option('-s, --service <url>', 'in place of a gateway: an app that speaks ATH itself')
    .addOption(
      new Option('-m, --mode <mode>', 'which of the two (default: the one named)').choices([
        'gateway',
        'native',
      ]),
    )
    .option('--agent-id <url>', 'the URL of the agent’s identity document')
    .option('--key <path>', 'the agent’s private key: PKCS #8 PEM or JWK')
    .option('--did <did>', 'the agent’s DID (default: the one of its key)')
    .option('--user-key <path>', 'a person’s own key, for `grant` and `inbox`')
    .option('--key-id <id>', 'the `kid` of attestations')
    .option('--timeout <duration>', 'for each protocol step (default 30s)')
    .option('--json', 'print one JSON document')
    .addOption(new Option('--format <format>', 'output').choices(['text', 'json']))
    .option('-q, --quiet', 'say nothing on stderr but errors')
  // Known, so that they can be refused with the reason instead of being echoed as unknown.
  for (const [flag, instead] of [
    ['--client-secret <secret>', 'ATH_CLIENT_SECRET, or the file that athx keeps'],
    ['--private-key <key>', '--key <path> or ATH_PRIVATE_KEY'],
    ['--access-token <token>', 'ATH_TOKEN, or --token - (stdin)'],
  ] as const)
    program.addOption(
      new Option(flag).hideHelp().argParser(() => {
        throw refuseSecret(flag.split(' ')[0] ?? flag, instead)
      }),
    )
}

function describe(command: Command, spec: Omit<CommandSpec, 'usage'>): void {
  command.description(spec.summary).configureHelp({
    formatHelp: (shown, helper) => formatHelp(shown, helper, spec),
  })
}

/** One line, usage, three examples, flags, what comes next. */
function formatHelp(command: Command, helper: Help, spec: Omit<CommandSpec, 'usage'>): string {
  const isRoot = command.parent === null
  const list = (title: string, rows: readonly (readonly [string, string])[]) => {
    const width = Math.max(0, ...rows.map(([term]) => term.length))
    return rows.length === 0
      ? []
      : ['', title, ...rows.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`.trimEnd())]
  }
  const options = (all: readonly Option[]) =>
    all.map((one) => [helper.optionTerm(one), helper.optionDescription(one)] as const)
  const commands = helper
    .visibleCommands(command)
    .map((one) => [helper.subcommandTerm(one), helper.subcommandDescription(one)] as const)
  return [
    spec.summary,
    '',
    `usage  ${helper.commandUsage(command)}`,
    '',
    'examples',
    ...spec.examples.map((example) => `  ${example}`),
    ...list('commands', commands),
    ...list('flags', options(helper.visibleOptions(command))),
    ...(isRoot ? [] : list('everywhere', options(helper.visibleOptions(rootOf(command))))),
    '',
    `next   ${spec.next}`,
    '',
  ].join('\n')
}

function rootOf(command: Command): Command {
  return command.parent ? rootOf(command.parent) : command
}
