import { StartError } from '../start-error.ts'

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const code = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
}

/** Says what is wrong with the store file and what to do, for what an operator can mend. */
export function explainStoreFailure(file: string, cause: unknown): unknown {
  if (cause instanceof StartError) return cause
  const { errcode, code: systemCode } = (cause ?? {}) as { errcode?: unknown; code?: unknown }
  const explained = (problem: string, fix: string) => new StartError(problem, fix, { cause })
  // Extended codes carry the primary one in their low byte.
  switch (typeof errcode === 'number' ? errcode & 0xff : 0) {
    case code.busy:
    case code.locked:
      return explained(
        `the store ${file} is locked by another process`,
        `stop it (\`fuser ${file}\` names it), or give this process a store file of its own`,
      )
    case code.corrupt:
    case code.notADatabase:
      return explained(
        `the store ${file} is damaged or is not a Sallyport store`,
        'move it and its -wal and -shm files away and restore the last backup',
      )
    case code.full:
      return explained(`there is no room on the disk for the store ${file}`, 'free some space')
    case code.readOnly:
    case code.cantOpen:
    case code.ioError:
      return explained(
        `the store ${file} cannot be read and written`,
        'let the user that runs this process own the file and its folder, on a local disk',
      )
  }
  switch (systemCode) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'EISDIR':
    case 'ENOTDIR':
      return explained(
        `the store ${file} cannot be opened for writing (${systemCode})`,
        'let the user that runs this process own the folder, or keep the store elsewhere (the gateway: `dataDir`)',
      )
    case 'ENOSPC':
      return explained(`there is no room on the disk for the store ${file}`, 'free some space')
  }
  return cause
}
