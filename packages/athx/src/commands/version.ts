import { athVersion } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import { readVersion } from '../version-number.ts'

export const version: CommandSpec = {
  usage: 'version',
  summary: 'Print the version of athx and of the protocol it speaks.',
  examples: ['athx version', 'athx version --json', 'athx --version'],
  next: 'athx --help',
  run: ({ out }) => out.result({ athx: readVersion(), ath: athVersion }, readVersion()),
}
