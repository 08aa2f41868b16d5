import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { type Dialect, SqliteDialect, type SqliteStatement } from 'kysely'

/** Kysely on `node:sqlite`. */
export function createSqliteDialect(database: DatabaseSync): Dialect {
  return new SqliteDialect({
    database: { prepare: cachedStatements(database), close: () => database.close() },
  })
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
  // Takes the write lock at once: of two processes that migrate together one waits. A transaction that reads before it
  // writes cannot wait, since what it has read would be stale.
  const statement = database.prepare(text === 'begin' ? 'begin immediate' : text)
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}
