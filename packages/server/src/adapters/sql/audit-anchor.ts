import type { Kysely } from 'kysely'
import type { AuditAnchor } from '../../ports/audit-anchor.ts'
import type { Tables } from './tables.ts'

const name = 'main'

export function createAuditAnchor(db: Kysely<Tables>): AuditAnchor {
  return {
    async read() {
      const row = await db
        .selectFrom('auditHeads')
        .select('head')
        .where('name', '=', name)
        .executeTakeFirst()
      return row?.head
    },
    async save(head) {
      await db
        .insertInto('auditHeads')
        .values({ name, head })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ head }))
        .execute()
    },
  }
}
