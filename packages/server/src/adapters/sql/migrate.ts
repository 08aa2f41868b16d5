import { type Kysely, sql, type Transaction } from 'kysely'
import { StartError } from '../start-error.ts'
import { migrations } from './migrations.ts'
import type { Tables } from './tables.ts'

/** Kysely's own name for it, from when its migrator wrote it. */
const table = 'kysely_migration'

/** The steps that were applied, as the table keeps them. */
interface Applied {
  readonly [table]: { readonly name: string; readonly timestamp: string }
}

/** A store: what operators call it, and the schema with its tables where the database has several. */
export interface MigratedStore {
  readonly where: string
  readonly schema?: string
  /** Takes the lock by which of several processes that start together one migrates and the others wait. */
  readonly lock?: (transaction: Transaction<Tables>) => Promise<void>
}

/** Brings the schema to what this code knows, all in one transaction; refuses a store that is ahead of it. */
export async function migrate(db: Kysely<Tables>, store: MigratedStore): Promise<void> {
  if ((await missingMigrations(db, store)).length === 0) return
  await db.transaction().execute(async (transaction) => {
    await store.lock?.(transaction)
    const missing = await missingMigrations(transaction, store)
    if (missing.length > 0) await apply(transaction, store.schema, missing)
  })
}

async function apply(
  transaction: Transaction<Tables>,
  schema: string | undefined,
  names: readonly string[],
): Promise<void> {
  if (schema !== undefined && !(await hasSchema(transaction, schema)))
    await transaction.schema.createSchema(schema).execute()
  if (!(await hasTable(transaction, schema)))
    await transaction.schema
      .createTable(table)
      .ifNotExists()
      .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
      .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
      .execute()
  for (const name of names) {
    await migrations[name]?.up(transaction)
    await (transaction as unknown as Transaction<Applied>)
      .insertInto(table)
      .values({ name, timestamp: new Date().toISOString() })
      .execute()
  }
}

/** Oldest first. Throws a `StartError` for a store that is ahead of this code. */
async function missingMigrations(
  db: Kysely<Tables>,
  { where, schema }: MigratedStore,
): Promise<readonly string[]> {
  const applied = (await hasTable(db, schema))
    ? await (db as unknown as Kysely<Applied>).selectFrom(table).select('name').execute()
    : []
  const names = new Set(applied.map(({ name }) => name))
  const unknown = [...names].filter((name) => !(name in migrations))
  if (unknown.length > 0)
    throw new StartError(
      `the store ${where} was written by a newer version (it has ${unknown.join(', ')})`,
      'start the version that wrote it, or restore the backup made before the upgrade',
    )
  return Object.keys(migrations).filter((name) => !names.has(name))
}

/**
 * Asks the catalogue by query: functions like `to_regclass` answer from what the connection remembers, and miss what
 * another process made while this one waited for the lock.
 */
const hasTable = (db: Kysely<Tables>, schema: string | undefined): Promise<boolean> =>
  schema === undefined
    ? found(db, sql`select 1 from sqlite_master where name = ${table}`)
    : found(
        db,
        sql`select 1 from pg_catalog.pg_tables where schemaname = ${schema} and tablename = ${table}`,
      )

const hasSchema = (db: Kysely<Tables>, schema: string): Promise<boolean> =>
  found(db, sql`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`)

async function found(db: Kysely<Tables>, query: ReturnType<typeof sql>): Promise<boolean> {
  return (await query.execute(db)).rows.length > 0
}
