import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import {
  type Dialect,
  type Kysely,
  SqliteAdapter,
  SqliteDialect,
  type SqliteStatement,
  sql,
} from 'kysely'

/** Kysely on `node:sqlite`. */
export function createSqliteDialect(database: DatabaseSync): Dialect {
  const dialect = new SqliteDialect({
    database: { prepare: cachedStatements(database), close: () => database.close() },
  })
  return {
    createDriver: () => dialect.createDriver(),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createAdapter: () => new TransactionalSqliteAdapter(),
  }
}

/** SQLite can roll a schema change back; Kysely does not count on it unless told. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }

  /** Takes the write lock at once, so that of two processes that start together one migrates and the other waits. */
  override async acquireMigrationLock(db: Kysely<unknown>): Promise<void> {
    await sql`delete from kysely_migration where name is null`.execute(db)
  }
}

/** The statements are few and fixed: each is prepared once. */
function cachedStatements(database: DatabaseSync): (text: string) => SqliteStatement {
  const known = new Map<string, SqliteStatement>()
  return (text) => {
    let statement = known.get(text)
    if (!statement) {
      statement = prepare(database, text)
      if (known.size < 500) known.set(text, statement)
    }
    return statement
  }
}

function prepare(database: DatabaseSync, text: string): SqliteStatement {
  const statement = database.prepare(text)
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}
