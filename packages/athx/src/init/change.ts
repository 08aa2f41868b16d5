import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { UsageError } from '../usage-error.ts'
import { readOrNothing } from './project.ts'

/** One file as it is and as it shall be; undefined is no file. */
export interface Change {
  readonly path: string
  readonly before: string | undefined
  readonly after: string | undefined
}

export const kindOf = ({ before, after }: Change): 'create' | 'delete' | 'edit' => {
  if (before === undefined) return 'create'
  return after === undefined ? 'delete' : 'edit'
}

/** A unified diff that `git apply` and `patch -p1` take. */
export function diffOf({ path, before, after }: Change): string {
  return createTwoFilesPatch(
    before === undefined ? '/dev/null' : `a/${path}`,
    after === undefined ? '/dev/null' : `b/${path}`,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: 3, headerOptions: FILE_HEADERS_ONLY },
  )
}

/** Makes all changes, or none where a file is no longer as it was when the diff was made. */
export async function applyChanges(directory: string, changes: readonly Change[]): Promise<void> {
  for (const { path, before } of changes)
    if ((await readOrNothing(join(directory, path))) !== before)
      throw new UsageError(
        `${path} changed meanwhile; nothing was edited`,
        'run the same command again',
      )
  for (const { path, after } of changes) {
    const target = join(directory, path)
    if (after === undefined) await rm(target)
    else {
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, after)
    }
  }
}
