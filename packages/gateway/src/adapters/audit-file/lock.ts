import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from '@ath-protocol/server/parts'

/**
 * Lets one process at a time write a log. The lock is SQLite's on an empty file beside it: the operating system frees
 * it when the process ends, however it ends, so that there is never a stale one.
 */
export function lockLog(dir: string): () => void {
  const database = new DatabaseSync(join(dir, 'lock'), { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new StartError(
      `another gateway writes the audit log ${dir}`,
      'stop it, or give this gateway a data directory of its own',
      { cause },
    )
  }
  return () => {
    if (database.isOpen) database.close()
  }
}
