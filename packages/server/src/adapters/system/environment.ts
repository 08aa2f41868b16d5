/** What an app's process says about itself. */
export const environment = {
  get production(): boolean {
    return process.env['NODE_ENV'] === 'production'
  },
  get secret(): string | undefined {
    return process.env['ATH_SECRET']
  },
  warn(line: string): void {
    process.stderr.write(`${line}\n`)
  },
} as const
