import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { CamelCasePlugin, Kysely } from 'kysely'
import type { Store, StoreDeps } from '../../ports/store.ts'
import { migrate } from '../sql/migrate.ts'
import { createStore } from '../sql/store.ts'
import type { Tables } from '../sql/tables.ts'
import { StartError } from '../start-error.ts'
import { createSqliteDialect } from './dialect.ts'
import { explainStoreFailure } from './failure.ts'

export interface SqliteOptions {
  /** Created with mode 0600, its folder with 0700, when it is not there. */
  readonly file: string
  /** How long a write waits for another process's write. Default 5000. */
  readonly busyTimeoutMilliseconds?: number
  /** Several processes of the service have this file open, so none may trust its memory. Default false. */
  readonly shared?: boolean
}

/**
 * Opens the embedded store: one SQLite file in WAL mode, every commit on disk before it is answered (synchronous FULL),
 * schema brought up to date. Throws a `StartError` for a store that is damaged, locked, unreadable or newer than this code.
 */
export async function openStore(options: SqliteOptions & StoreDeps): Promise<Store> {
  const { file, seal, random, busyTimeoutMilliseconds = 5000, shared = false } = options
  const sqlite = await loadSqlite()
  let database: DatabaseSync | undefined
  try {
    createPrivately(file)
    database = new sqlite.DatabaseSync(file, {
      timeout: busyTimeoutMilliseconds,
      enableForeignKeyConstraints: true,
    })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    const db = new Kysely<Tables>({
      dialect: createSqliteDialect(database),
      plugins: [new CamelCasePlugin()],
    })
    await migrate(db, { where: file })
    return createStore(db, { seal, random, shared })
  } catch (cause) {
    if (database?.isOpen) database.close()
    throw explainStoreFailure(file, cause)
  }
}

/** SQLite gives its `-wal` and `-shm` files the mode of the database file. */
function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
}

/** Loaded only when a file is opened, so that everything else runs on a Node without it. */
async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  try {
    const sqlite = await import('node:sqlite')
    if ('columns' in sqlite.StatementSync.prototype) return sqlite
  } catch {
    // Said below: there is none, or one that is too old.
  }
  throw new StartError(
    `Node ${process.versions.node} has no usable node:sqlite`,
    'run Node >= 24 (or >= 22.16), or use postgresStore, redisStore or memoryStore',
  )
}
