import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import type { Store, StoreDeps } from '../../ports/store.ts'
import { loadDriver } from '../load-driver.ts'
import { readServiceUrl } from '../service-url.ts'
import { migrate } from '../sql/migrate.ts'
import { createStore } from '../sql/store.ts'
import type { Tables } from '../sql/tables.ts'
import { StartError } from '../start-error.ts'
import { explainPostgresFailure } from './failure.ts'
import { mindfulPool } from './pool.ts'

export interface PostgresOptions {
  /** `postgresql://user:password@host:5432/database`, with `?sslmode=verify-full` for TLS. */
  readonly url: string
  /** Connections that this process opens at most. Default 10. */
  readonly poolSize?: number
  /** The schema that holds the tables, apart from those of the service itself; created when it is not there. Default `ath`. */
  readonly schema?: string
}

const connectMilliseconds = 5_000
/** No statement of ours takes long: who waits longer waits for a server that hangs. */
const answerMilliseconds = 10_000
/** Any two numbers, the same in every process: of those that migrate together, or learn who is who, one works at a time. */
const locks = { migration: 4_711_826_017, channels: 4_711_826_018 }

/**
 * Opens a PostgreSQL store: any number of processes may share it, and every commit is as durable as the server makes it.
 * Throws a `StartError` for a server that cannot be reached, lets us not in, is read-only or is ahead of this code.
 */
export async function openPostgres(options: PostgresOptions & StoreDeps): Promise<Store> {
  const { seal, random, poolSize = 10, schema = 'ath' } = options
  const { url, shown } = readServiceUrl(options.url, ['postgresql:', 'postgres:'])
  checkOptions(poolSize, schema)
  const { default: pg } = await loadDriver('pg', () => import('pg'))
  const pool = new pg.Pool({
    connectionString: options.url,
    max: poolSize,
    connectionTimeoutMillis: connectMilliseconds,
    query_timeout: answerMilliseconds,
    keepAlive: true,
    application_name: 'ath',
  })
  // A connection that is lost, idle or between two statements, is replaced when the next one is asked for.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: mindfulPool(pool) }),
    plugins: [new CamelCasePlugin()],
  }).withSchema(schema)
  try {
    await checkServer(db, shown)
    await migrate(db, {
      where: `${shown} (schema ${schema})`,
      schema,
      lock: lockOf('migration'),
    })
    return createStore(db, { seal, random, shared: true, lock: lockOf('channels') })
  } catch (cause) {
    await db.destroy()
    const user = decodeURIComponent(url.username) || 'of the environment'
    throw explainPostgresFailure({ shown, user, schema }, cause)
  }
}

/** A lock of a transaction also holds behind a pooler that gives each transaction another connection. */
const lockOf = (name: keyof typeof locks) => async (transaction: Transaction<Tables>) => {
  await sql`select pg_advisory_xact_lock(${locks[name]})`.execute(transaction)
}

function checkOptions(poolSize: number, schema: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new StartError(
      `the schema \`${schema}\` of the store is no plain name`,
      'use lower-case letters, digits and _, as in `ath`',
    )
  if (!Number.isInteger(poolSize) || poolSize < 1)
    throw new StartError(`a \`poolSize\` of ${poolSize} is none`, 'allow at least 1 connection')
}

async function checkServer(db: Kysely<Tables>, shown: string): Promise<void> {
  const { rows } = await sql<{ readOnly: string; commit: string }>`
    select current_setting('transaction_read_only') as read_only,
      current_setting('synchronous_commit') as commit`.execute(db)
  const [settings] = rows
  if (settings?.readOnly === 'on')
    throw new StartError(
      `the store ${shown} is read-only: a standby, or default_transaction_read_only is on`,
      'name the primary in the `url` of the store',
    )
  if (settings?.commit === 'off')
    process.emitWarning(
      `The store ${shown} has synchronous_commit = off: when the server crashes, revocations and decisions of the last moment are lost. Set it to on.`,
      { code: 'ATH_STORE_NOT_DURABLE' },
    )
}
