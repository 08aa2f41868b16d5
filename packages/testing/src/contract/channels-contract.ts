import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type {
  ChannelIdentity,
  ChannelIdentityStore,
  Delivery,
  DeliveryStore,
} from '@ath-protocol/server/parts'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

/** What every `ChannelIdentityStore` does. */
export function channelIdentitiesContract(name: string, open: Open<ChannelIdentityStore>): void {
  describe(`${name} as store of channel identities`, () => {
    const store = useAdapter(open)
    const upsert = async (changes: Partial<ChannelIdentity> = {}) => {
      const identity: ChannelIdentity = {
        channel: unique('slack'),
        externalId: unique('U'),
        userId: unique('usr'),
        learnedAt: testEpoch + 0.5,
        ...changes,
      }
      await store().upsert(identity)
      return identity
    }
    const byExternal = ({ channel, externalId }: ChannelIdentity) =>
      store().findByExternal(channel, externalId)
    const byUser = ({ channel, userId }: ChannelIdentity) => store().findByUser(channel, userId)

    test('[U7] knows who somebody is in a channel, both ways, and in no other channel', async () => {
      const identity = await upsert()
      assert.deepEqual(await byExternal(identity), identity)
      assert.deepEqual(await byUser(identity), identity)
      assert.equal(await byExternal({ ...identity, channel: 'other' }), undefined)
      assert.equal(await byUser({ ...identity, channel: 'other' }), undefined)
    })

    test('[U7] in a channel an id is one user and a user has one id: what is learned last stands alone', async () => {
      const first = await upsert()
      const moved = await upsert({ channel: first.channel, externalId: first.externalId })
      assert.deepEqual(await byExternal(first), moved)
      assert.equal(await byUser(first), undefined)
      const renamed = await upsert({ channel: first.channel, userId: moved.userId })
      assert.deepEqual(await byUser(moved), renamed)
      assert.equal(await byExternal(moved), undefined)
      const other = await upsert({ channel: first.channel })
      // Ties the id of the one to the user of the other: nothing of either is left.
      const both = await upsert({ ...other, externalId: renamed.externalId })
      assert.deepEqual(await byExternal(renamed), both)
      assert.equal(await byUser(renamed), undefined)
      assert.equal(await byExternal(other), undefined)
    })

    test('of 50 users who claim one id at once one has it', async () => {
      const { channel, externalId } = await upsert()
      const claimed = await inParallel(50, () => upsert({ channel, externalId }))
      const found = await Promise.all(claimed.map(byUser))
      const [won, ...others] = found.filter((identity) => identity !== undefined)
      assert.equal(others.length, 0)
      assert.deepEqual(await store().findByExternal(channel, externalId), won)
    })
  })
}

/** What every `DeliveryStore` does. */
export function deliveriesContract(name: string, open: Open<DeliveryStore>): void {
  describe(`${name} as store of deliveries`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<Delivery> = {}) => {
      const delivery: Delivery = {
        consentId: unique('cns'),
        channel: 'slack',
        reference: JSON.stringify({ channel: 'D1', ts: unique('1700000000') }),
        sentAt: testEpoch + 0.5,
        ...changes,
      }
      await store().insert(delivery)
      return delivery
    }

    test('lists what was sent for a question, the oldest first, each message once', async () => {
      const later = await insert({ sentAt: testEpoch + 2 })
      const { consentId } = later
      const earlier = await insert({ consentId, channel: 'mail', sentAt: testEpoch + 1 })
      await insert({ ...later, sentAt: testEpoch + 3 })
      await insert()
      assert.deepEqual(await store().list(consentId), [earlier, later])
      assert.deepEqual(await store().list('cns_nobody'), [])
    })

    test('a sweep removes what was sent before, and nothing else', async () => {
      const old = await insert({ sentAt: testEpoch - 5000 })
      const edge = await insert({ sentAt: testEpoch - 4000 })
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.deepEqual(await store().list(old.consentId), [])
      assert.deepEqual(await store().list(edge.consentId), [edge])
    })
  })
}
