import { readFileSync } from 'node:fs'

/** The version of athx, from its package.json. Imports nothing else: `athx --version` shall be quick. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
