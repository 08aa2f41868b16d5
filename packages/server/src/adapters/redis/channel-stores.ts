import type {
  ChannelIdentity,
  ChannelIdentityStore,
  Delivery,
  DeliveryStore,
} from '../../ports/channels.ts'
import { compound, createTable, oldestFirst, type RedisPorts } from './table.ts'

/** Each identity lies under its id and under its user, always both. */
export function createChannelIdentityStore(ports: RedisPorts): ChannelIdentityStore {
  const { redis, commit, prefix } = ports
  const externalKey = ({ channel, externalId }: Pick<ChannelIdentity, 'channel' | 'externalId'>) =>
    `${prefix}:channelIdentity/external:${compound(channel, externalId)}`
  const userKey = ({ channel, userId }: Pick<ChannelIdentity, 'channel' | 'userId'>) =>
    `${prefix}:channelIdentity/user:${compound(channel, userId)}`
  const read = (text: string | null | undefined) =>
    typeof text === 'string' ? (JSON.parse(text) as ChannelIdentity) : undefined
  return {
    findByExternal: async (channel, externalId) =>
      read(await redis.get(externalKey({ channel, externalId }))),
    findByUser: async (channel, userId) => read(await redis.get(userKey({ channel, userId }))),
    async upsert(identity) {
      const keys = [externalKey(identity), userKey(identity)] as const
      const text = JSON.stringify(identity)
      for (;;) {
        const found = await redis.mget(...keys)
        const replaced = found.map(read).filter((known) => known !== undefined)
        const done = await commit({
          expected: keys.map((key, index) => [key, found[index] ?? undefined]),
          commands: [
            ...replaced
              .flatMap((known) => [externalKey(known), userKey(known)])
              .map((key) => ['DEL', key] as const),
            ...keys.map((key) => ['SET', key, text] as const),
          ],
        })
        if (done) return
      }
    },
  }
}

export function createDeliveryStore(ports: RedisPorts): DeliveryStore {
  const table = createTable<Delivery>(ports, {
    name: 'delivery',
    idOf: ({ consentId, channel, reference }) => compound(consentId, channel, reference),
    lists: ({ consentId }) => [consentId],
    due: ({ sentAt }) => ({ ends: sentAt }),
  })
  return {
    async insert(delivery) {
      await table.insert(delivery)
    },
    async list(consentId) {
      const sent = await table.list(consentId)
      return sent.toSorted(
        oldestFirst(
          ({ sentAt }) => sentAt,
          ({ reference }) => reference,
        ),
      )
    },
    sweep: (before) => table.sweep(before),
  }
}
