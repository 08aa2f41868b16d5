import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Random } from '@ath-protocol/types'
import { CamelCasePlugin, Kysely } from 'kysely'
import type { Seal } from '../../ports/seal.ts'
import { migrate } from '../sql/migrate.ts'
import { createStore, type Store } from '../sql/store.ts'
import type { Tables } from '../sql/tables.ts'
import { createSqliteDialect } from './dialect.ts'
import { explainStoreFailure } from './failure.ts'

export interface StoreOptions {
  /** Created with mode 0600, its folder with 0700, when it is not there. */
  readonly file: string
  readonly seal: Seal
  readonly random: Random
  /** How long a write waits for another process's write. Default 5000. */
  readonly busyTimeoutMilliseconds?: number
}

/**
 * Opens the embedded store: one SQLite file in WAL mode, every commit on disk before it is answered (synchronous FULL),
 * schema brought up to date. Throws a `StartError` for a store that is damaged, locked, unreadable or newer than this code.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { file, seal, random, busyTimeoutMilliseconds = 5000 } = options
  let database: DatabaseSync | undefined
  try {
    createPrivately(file)
    database = new DatabaseSync(file, {
      timeout: busyTimeoutMilliseconds,
      enableForeignKeyConstraints: true,
    })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    const db = new Kysely<Tables>({
      dialect: createSqliteDialect(database),
      plugins: [new CamelCasePlugin()],
    })
    await migrate(db, file)
    return createStore(db, seal, random)
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
