import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { StartError } from '../start-error.ts'

/** Reads a file that only its owner may read; undefined when it is not there. */
export function readPrivateFile(file: string): string | undefined {
  let mode: number
  try {
    mode = statSync(file).mode
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(file, cause)
  }
  refuseOthers(file, mode, '600')
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

/**
 * Writes a new file of mode 0600, whole or not at all, and on disk when it returns. False when the file is there
 * already: what exists is never overwritten.
 */
export function createPrivateFile(dir: string, name: string, text: string): boolean {
  try {
    writeWhole(dir, name, text, linkSync)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

/** The same for a file that may be there: a reader sees the old text or the new one, never a part. */
export function replacePrivateFile(dir: string, name: string, text: string): void {
  writeWhole(dir, name, text, renameSync)
}

function writeWhole(
  dir: string,
  name: string,
  text: string,
  putInPlace: (unfinished: string, file: string) => void,
): void {
  const unfinished = join(dir, `.${name}.${process.pid}`)
  const descriptor = openSync(unfinished, 'w', 0o600)
  try {
    writeSync(descriptor, text)
    fsyncSync(descriptor)
    putInPlace(unfinished, join(dir, name))
  } finally {
    closeSync(descriptor)
    rmSync(unfinished, { force: true })
  }
  syncDirectory(dir)
}

export function ensurePrivateDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  refuseOthers(dir, statSync(dir).mode, '700')
}

function refuseOthers(path: string, mode: number, wanted: string): void {
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new StartError(
      `${path} holds secrets and is open to other users (mode ${(mode & 0o777).toString(8)})`,
      `chmod ${wanted} ${path}`,
    )
}

const unreadable = (file: string, cause: unknown) =>
  new StartError(
    `${file} cannot be read`,
    'let the user that runs the gateway own it, with mode 600',
    { cause },
  )

function syncDirectory(dir: string): void {
  const descriptor = openSync(dir, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
