import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

type Expiring = {
  [Table in keyof Tables]: Tables[Table] extends { expiresAt: number } ? Table : never
}[keyof Tables]

/** Removes the rows that expired before `before`; returns how many. */
export async function removeExpired(
  db: Kysely<Tables>,
  table: Expiring,
  before: number,
): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom(table)
    .where('expiresAt', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
