import { readFile } from 'node:fs/promises'
import { athVersion } from '@ath-protocol/client'
import type { CommandSpec } from '../command-spec.ts'
import type { Output } from '../output/output.ts'

export const version: CommandSpec = {
  usage: 'version',
  summary: 'Print the version of athx and of the protocol it speaks.',
  examples: ['athx version', 'athx version --json', 'athx --version'],
  next: 'athx --help',
  run: ({ out }) => printVersion(out),
}

export async function printVersion(out: Output): Promise<void> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  await out.result({ athx: version, ath: athVersion }, out.json ? '' : version)
}
