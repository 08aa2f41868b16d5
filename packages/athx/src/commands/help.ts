import { describeCode, errorCodes } from '@ath-protocol/client'
import type { Command } from 'commander'
import type { CommandSpec } from '../command-spec.ts'
import { exitCodeOf, exitCodes } from '../exit-code.ts'
import { columns } from '../output/shown.ts'
import { UsageError } from '../usage-error.ts'

export const help: CommandSpec = {
  usage: 'help [topic...]',
  summary: 'Explain a command, an error code or the exit codes. Needs no network.',
  examples: ['athx help connect', 'athx help SCOPE_NOT_APPROVED', 'athx help exit-codes'],
  next: 'athx doctor',
  run: async ({ out }, topic, command) => {
    const root = command.parent as Command
    const [first] = topic
    if (first === undefined) {
      root.outputHelp()
      return
    }
    if (first === 'exit-codes') {
      await out.result(
        Object.fromEntries(exitCodes),
        columns(exitCodes.map(([code, meaning]) => [String(code), meaning])),
      )
      return
    }
    if (first === 'errors') {
      await out.result(errorCodes, errorCodes.join('\n'))
      return
    }
    const row = describeCode(first.toUpperCase())
    if (row) {
      await explain(first.toUpperCase(), row)
      return
    }
    const found = topic.reduce<Command | undefined>(
      (at, name) => at?.commands.find((child) => child.name() === name),
      root,
    )
    if (!found)
      throw new UsageError(
        `there is no help on \`${topic.join(' ')}\``,
        'name a command, an error code, `errors` or `exit-codes`',
      )
    found.outputHelp()

    async function explain(code: string, about: NonNullable<ReturnType<typeof describeCode>>) {
      const status = 'status' in about ? about.status : undefined
      const { text, fix, retryable } = about
      await out.result(
        { code, status, text, fix, retryable, exit_code: exitCodeOf(code) },
        [
          `${code}${status === undefined ? '' : `  HTTP ${status}`}`,
          `  what   ${text}`,
          `  fix    ${fix}`,
          `  retry  ${retryable ? 'the same call may succeed later' : 'not without a change'}`,
          `  exit   ${exitCodeOf(code)}`,
        ].join('\n'),
      )
    }
  },
}
