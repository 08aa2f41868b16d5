import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** An index named after its table and column. */
export async function indexOn(
  db: Kysely<Tables>,
  table: keyof Tables,
  column: string,
): Promise<void> {
  await db.schema.createIndex(`${table}_${column}`).on(table).column(column).execute()
}
