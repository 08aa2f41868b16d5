import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type { Pool, PoolClient } from 'pg'
import { withNul, withoutNul } from './nul.ts'

/**
 * The pool as Kysely wants it, minding connections that cannot be used any more: they are closed when they come back, so
 * that the next call gets a new one. A server that hangs or has become a standby is left like one that is gone.
 */
export const mindfulPool = (pool: Pool): PostgresPool => ({
  connect: async () => mindful(await pool.connect()),
  end: () => pool.end(),
})

function mindful(client: PoolClient): PostgresPoolClient {
  let broken = false
  const query = async (text: string, values: readonly unknown[]) => {
    try {
      const answer = await client.query(text, values.map(withoutNul))
      return { ...answer, rows: answer.rows.map(withNul) }
    } catch (cause) {
      broken ||= leavesBroken(cause)
      throw cause
    }
  }
  return {
    query: query as <Row>(
      text: string,
      values: readonly unknown[],
    ) => Promise<PostgresQueryResult<Row>>,
    release: () => client.release(broken),
  } as PostgresPoolClient
}

/** Read-only server, connection failures, operator intervention (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const brokenClasses = /^(?:25006$|08|57P)/

/** What has no SQLSTATE did not come from the server: a lost connection, or an answer that never came. */
function leavesBroken(cause: unknown): boolean {
  const { code } = cause as { code?: unknown }
  return typeof code !== 'string' || code.length !== 5 || brokenClasses.test(code)
}
