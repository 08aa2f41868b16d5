import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export const privateFileMode = 0o600
export const privateDirectoryMode = 0o700

/** Writes a file that only its owner can read. Another process sees the old content or the new, never a part. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await makePrivateDirectory(dirname(path))
  const draft = join(dirname(path), `.${process.pid}-${crypto.randomUUID()}`)
  try {
    const file = await open(draft, 'wx', privateFileMode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Writes a new file that only its owner can read. Throws `EEXIST` where there is one. */
export async function createPrivate(path: string, text: string): Promise<void> {
  await makePrivateDirectory(dirname(path))
  const file = await open(path, 'wx', privateFileMode)
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
}

async function makePrivateDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode: privateDirectoryMode })
  // A lax umask cannot widen it, but a strict one could leave it unusable for its owner.
  if (made !== undefined) await chmod(path, privateDirectoryMode)
}

/** The text, or undefined where there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Whether others than the owner may read it; undefined where there is nothing or no such notion (Windows). */
export async function isOpenToOthers(path: string): Promise<boolean | undefined> {
  if (process.platform === 'win32') return undefined
  try {
    return ((await stat(path)).mode & 0o077) !== 0
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

const isMissing = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
