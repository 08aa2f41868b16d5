import type { AgentRegistry, Registration } from '../../ports/registry.ts'
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely'
import { fromJson, toJson, withoutNulls } from './row.ts'
import type { RegistrationRow, Tables } from './tables.ts'

export function createAgentRegistry(db: Kysely<Tables>): AgentRegistry {
  const findBy = async (column: 'clientId' | 'agentId', value: string) => {
    const row = await db
      .selectFrom('registrations')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst()
    return row && toRegistration(row)
  }
  return {
    findByClientId: (clientId) => findBy('clientId', clientId),
    findByAgentId: (agentId) => findBy('agentId', agentId),
    async insert(registration) {
      const inserted = await db
        .insertInto('registrations')
        .values(toRow(registration) as Insertable<RegistrationRow>)
        .onConflict((conflict) => conflict.doNothing())
        .returning('clientId')
        .executeTakeFirst()
      return inserted !== undefined
    },
    async update(clientId, changes) {
      const row = toRow(changes)
      const updated = await db
        .updateTable('registrations')
        // An update that sets nothing is not SQL; this one still tells whether the client exists.
        .set(Object.keys(row).length > 0 ? row : { clientId })
        .where('clientId', '=', clientId)
        .returning('clientId')
        .executeTakeFirst()
      return updated !== undefined
    },
    async replace(seen, { clientId: _, agentId: __, ...registration }) {
      const absent = {
        purpose: null,
        redirectUris: null,
        previousSecret: null,
        restrictions: null,
        keyThumbprint: null,
      }
      const replaced = await db
        .updateTable('registrations')
        .set({ ...absent, ...toRow(registration) })
        .where('clientId', '=', seen.clientId)
        .where('status', '=', seen.status)
        .where('decidedAt', '=', seen.decidedAt)
        .where('secretHash', '=', seen.secretHash)
        .returning('clientId')
        .executeTakeFirst()
      return replaced !== undefined
    },
    async list(filter) {
      let query = db.selectFrom('registrations').selectAll()
      if (filter?.status !== undefined) query = query.where('status', '=', filter.status)
      const rows = await query.orderBy('registeredAt').orderBy('clientId').execute()
      return rows.map(toRegistration)
    },
  }
}

function toRow(fields: Partial<Registration>): Updateable<RegistrationRow> {
  const { developer, redirectUris, requested, approvals, previousSecret, restrictions, ...plain } =
    fields
  return {
    ...plain,
    ...(developer && { developer: toJson(developer) }),
    ...(redirectUris && { redirectUris: toJson(redirectUris) }),
    ...(requested && { requested: toJson(requested) }),
    ...(approvals && { approvals: toJson(approvals) }),
    ...(previousSecret && { previousSecret: toJson(previousSecret) }),
    ...(restrictions && { restrictions: toJson(restrictions) }),
  }
}

function toRegistration(row: Selectable<RegistrationRow>): Registration {
  const { redirectUris, previousSecret, restrictions, ...plain } = withoutNulls(row)
  return {
    ...plain,
    status: plain.status as Registration['status'],
    developer: fromJson(plain.developer),
    requested: fromJson(plain.requested),
    approvals: fromJson(plain.approvals),
    ...(redirectUris === undefined ? {} : { redirectUris: fromJson(redirectUris) }),
    ...(previousSecret === undefined ? {} : { previousSecret: fromJson(previousSecret) }),
    ...(restrictions === undefined ? {} : { restrictions: fromJson(restrictions) }),
  }
}
