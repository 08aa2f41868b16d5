import type { Command } from 'commander'

export interface CommandText {
  /** `approve <agent>` */
  readonly usage: string
  /** One line, lower case, no full stop. */
  readonly summary: string
  /** Three command lines with what they do. */
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  /** The usual next command. */
  readonly next?: string
}

/** Adds a command whose help shows examples before its options. */
export function addCommand(parent: Command, text: CommandText): Command {
  const width = Math.max(...text.examples.map(([command]) => command.length))
  const examples = text.examples
    .map(([command, meaning]) => `  $ ${command.padEnd(width)}   ${meaning}`)
    .join('\n')
  const command = parent
    .command(text.usage)
    .summary(text.summary)
    .description(`${text.summary}\n\nExamples:\n${examples}`)
  if (text.next !== undefined) command.addHelpText('after', `\nNext: ${text.next}`)
  return command
}
