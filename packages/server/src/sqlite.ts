import { openStore, type SqliteOptions } from './adapters/sqlite/open-store.ts'
import type { StoreSource } from './ports/store.ts'

export interface SqliteStoreOptions extends Omit<SqliteOptions, 'shared'> {
  /**
   * Other processes may have this file open, too (a cluster of workers, the old process during a restart): nothing read
   * from it is trusted later. Default true; `false` is faster, and then a revocation in one process is not seen in another.
   */
  readonly shared?: boolean
}

/** One SQLite file on a local disk, by `node:sqlite`: Node >= 24, or >= 22.16. */
export const sqliteStore = (options: SqliteStoreOptions): StoreSource => ({
  kind: 'sqlite',
  open: (deps) => openStore({ shared: true, ...options, ...deps }),
})
