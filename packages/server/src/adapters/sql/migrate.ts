import { type Kysely, Migrator } from 'kysely'
import { StartError } from '../start-error.ts'
import { migrations } from './migrations.ts'
import type { Tables } from './tables.ts'

const table = 'kysely_migration'

/** Brings the schema to what this code knows, all in one transaction; refuses a store that is ahead of it. */
export async function migrate(db: Kysely<Tables>, where: string): Promise<void> {
  const applied = await appliedMigrations(db)
  const unknown = applied.filter((name) => !(name in migrations))
  if (unknown.length > 0)
    throw new StartError(
      `the store ${where} was written by a newer version (it has ${unknown.join(', ')})`,
      'start the version that wrote it, or restore the backup made before the upgrade',
    )
  if (applied.length === Object.keys(migrations).length) return
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: table,
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function appliedMigrations(db: Kysely<Tables>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === table)) return []
  const rows = await db
    .withoutPlugins()
    .selectFrom(table as never)
    .select('name' as never)
    .execute()
  return rows.map((row) => (row as { name: string }).name)
}
