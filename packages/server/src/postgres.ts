import { openPostgres, type PostgresOptions } from './adapters/postgres/open-postgres.ts'
import type { StoreSource } from './ports/store.ts'

export type { PostgresOptions }

/** A PostgreSQL database that any number of processes share. Needs the package `pg`. */
export const postgresStore = (options: PostgresOptions): StoreSource => ({
  kind: 'postgres',
  open: (deps) => openPostgres({ ...options, ...deps }),
})
