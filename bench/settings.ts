import { readFileSync } from 'node:fs'

/** What the parent process wrote to stdin. */
export function readSettings<Settings>(): Settings {
  return JSON.parse(readFileSync(0, 'utf8')) as Settings
}

/** One line for the parent process. */
export function tell(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
