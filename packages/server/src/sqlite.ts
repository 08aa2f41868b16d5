import { openStore, type SqliteOptions } from './adapters/sqlite/open-store.ts'
import type { StoreSource } from './ports/store.ts'

export type { SqliteOptions }

/** One SQLite file on a local disk, by `node:sqlite`: Node >= 24, or >= 22.16. */
export const sqliteStore = (options: SqliteOptions): StoreSource => ({
  kind: 'sqlite',
  open: (deps) => openStore({ ...options, ...deps }),
})
