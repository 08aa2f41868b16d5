import type { Kysely, Transaction } from 'kysely'
import type { ChannelIdentityStore, DeliveryStore } from '../../ports/channels.ts'
import type { Tables } from './tables.ts'

/** Where transactions run side by side, `lock` makes those that call it wait for each other. */
export function createChannelIdentityStore(
  db: Kysely<Tables>,
  lock?: (transaction: Transaction<Tables>) => Promise<void>,
): ChannelIdentityStore {
  const findBy = (channel: string, column: 'externalId' | 'userId', value: string) =>
    db
      .selectFrom('channelIdentities')
      .selectAll()
      .where('channel', '=', channel)
      .where(column, '=', value)
      .executeTakeFirst()
  return {
    findByExternal: (channel, externalId) => findBy(channel, 'externalId', externalId),
    findByUser: (channel, userId) => findBy(channel, 'userId', userId),
    upsert: (identity) =>
      db.transaction().execute(async (transaction) => {
        const { channel, externalId, userId, learnedAt } = identity
        await lock?.(transaction)
        await transaction
          .deleteFrom('channelIdentities')
          .where('channel', '=', channel)
          .where('userId', '=', userId)
          .where('externalId', '<>', externalId)
          .execute()
        await transaction
          .insertInto('channelIdentities')
          .values({ ...identity })
          .onConflict((conflict) =>
            conflict.columns(['channel', 'externalId']).doUpdateSet({ userId, learnedAt }),
          )
          .execute()
      }),
  }
}

export function createDeliveryStore(db: Kysely<Tables>): DeliveryStore {
  return {
    async insert(delivery) {
      await db
        .insertInto('deliveries')
        .values({ ...delivery })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    list: (consentId) =>
      db
        .selectFrom('deliveries')
        .selectAll()
        .where('consentId', '=', consentId)
        .orderBy('sentAt')
        .orderBy('reference')
        .execute(),
    async sweep(before) {
      const { numDeletedRows } = await db
        .deleteFrom('deliveries')
        .where('sentAt', '<', before)
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}
