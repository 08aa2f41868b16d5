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
    const code = first.toUpperCase()
    const faces = describeCode(code)
    if (faces.length > 0) {
      await explain(code, faces)
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

    async function explain(code: string, faces: ReturnType<typeof describeCode>) {
      const exitCode = exitCodeOf(code)
      const shown = faces.map((face) => ({
        status: 'status' in face ? face.status : undefined,
        text: face.text,
        fix: face.fix,
        retryable: face.retryable,
      }))
      await out.result(
        { code, exit_code: exitCode, faces: shown },
        [
          `${code}  exit ${exitCode}`,
          ...shown.flatMap(({ status, text, fix, retryable }) => [
            `  what   ${text}${status === undefined ? '' : ` (HTTP ${status})`}`,
            `  fix    ${fix}`,
            `  retry  ${retryable ? 'the same call may succeed later' : 'not without a change'}`,
          ]),
        ].join('\n'),
      )
    }
  },
}
