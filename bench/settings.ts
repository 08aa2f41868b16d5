import { readFileSync } from 'node:fs'

/** What the parent process wrote to stdin. From here on this process ends with its parent, however that ends. */
export function readSettings<Settings>(): Settings {
  process.once('disconnect', () => process.exit(1))
  // Listening alone would keep a process that is done.
  process.channel?.unref()
  return JSON.parse(readFileSync(0, 'utf8')) as Settings
}

/** One line for the parent process. */
export function tell(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
