import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredHandshake } from '@ath-protocol/client/nine-step'
import type { Place } from '../place.ts'
import { digest, placeDirectory } from './place-directory.ts'
import { privateDirectoryMode, privateFileMode, readIfThere, writePrivate } from './private-file.ts'

/** What athx keeps of the nine-step session of one agent at one place. */
export interface HandshakeProfile {
  readonly directory: string
  session(): Promise<StoredHandshake | undefined>
  keepSession(session: StoredHandshake): Promise<void>
  dropSession(): Promise<void>
  /** The next number of an encrypted request, for this process alone. */
  takeSequence(sessionId: string, atLeast: number): Promise<number>
}

export function openHandshakeProfile(home: string, place: Place, did: string): HandshakeProfile {
  const directory = placeDirectory(home, place, did)
  const path = join(directory, 'session.json')
  const numbers = join(directory, 'sequence')
  return {
    directory,
    async session() {
      const text = await readIfThere(path)
      return text === undefined ? undefined : (JSON.parse(text) as StoredHandshake)
    },
    keepSession: (session) => writePrivate(path, `${JSON.stringify(session, null, 2)}\n`),
    async dropSession() {
      await rm(path, { force: true })
      await rm(numbers, { recursive: true, force: true })
    },
    takeSequence: (sessionId, atLeast) => takeNumber(join(numbers, digest(sessionId)), atLeast),
  }
}

/** So many taken numbers stay marked, far more than processes that could still be about to take one. */
const keptNumbers = 1024

/**
 * Two processes that encrypt with one number give the session's keys away. Each number is a file that only one of them
 * can make, so that nothing has to be locked and a crash leaves nothing behind that is in the way.
 */
async function takeNumber(directory: string, atLeast: number): Promise<number> {
  await mkdir(directory, { recursive: true, mode: privateDirectoryMode })
  const taken = (await readdir(directory)).map(Number).sort((one, other) => one - other)
  let number = Math.max(atLeast, (taken.at(-1) ?? -1) + 1)
  while (!(await makeMark(join(directory, String(number))))) number += 1
  for (const old of taken.slice(0, -keptNumbers))
    await rm(join(directory, String(old)), { force: true })
  return number
}

async function makeMark(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', privateFileMode)).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
