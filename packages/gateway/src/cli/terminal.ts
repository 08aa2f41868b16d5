import { userInfo } from 'node:os'

/** Where a command runs: its streams, its surroundings. Results go out, talk goes to err. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Colours are wanted on stderr and stdout, before `--no-color` is looked at. */
  readonly hasColour: boolean
  /** The operating system's name of whoever runs the command. */
  readonly userName: string
  /** Calls back for SIGINT and SIGTERM until the returned function is called. */
  onSignal(handle: (signal: 'SIGINT' | 'SIGTERM') => void): () => void
  /** Ends the process at once. */
  exit(code: number): void
}

export interface Style {
  bold(text: string): string
  dim(text: string): string
  red(text: string): string
  green(text: string): string
  yellow(text: string): string
}

export function createStyle(hasColour: boolean): Style {
  const paint = (open: number, close: number) => (text: string) =>
    hasColour ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
  }
}

/** NO_COLOR, FORCE_COLOR (no-color.org, force-color.org) and TERM=dumb win over what the stream is. */
export function wantsColour(
  env: Readonly<Record<string, string | undefined>>,
  isTty: boolean,
): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  return isTty && env['TERM'] !== 'dumb'
}

export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever read us has gone (`| head`): there is nobody left to tell.
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    hasColour: wantsColour(process.env, process.stdout.isTTY && process.stderr.isTTY),
    userName: readUserName(),
    onSignal(handle) {
      process.on('SIGINT', handle)
      process.on('SIGTERM', handle)
      return () => {
        process.off('SIGINT', handle)
        process.off('SIGTERM', handle)
      }
    },
    exit: (code) => process.exit(code),
  }
}

/** A user without an entry in the password file (containers) is named by number. */
function readUserName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
