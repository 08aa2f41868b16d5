import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NineStepHandshake, NineStepStore } from '@ath-protocol/server'
import { type NineStepEvent, type NineStepState, nineStepStatesBefore } from '@ath-protocol/types'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleNineStep(changes: Partial<NineStepHandshake> = {}): NineStepHandshake {
  return {
    id: unique('ath_hs'),
    state: 'greeted',
    clientDid: 'did:ath:office-assistant',
    clientKey: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) },
    thumbprint: 'thumbprint',
    encrypted: true,
    transcript: { m1: '{"type":"handshake_init"}', m2: '{"type":"handshake_response"}' },
    lastTimestamp: testEpoch,
    createdAt: testEpoch + 0.125,
    expiresAt: testEpoch + 600,
    ...changes,
  }
}

const states: readonly NineStepState[] = [
  'greeted',
  'identified',
  'asking',
  'allowed',
  'granted',
  'completed',
  'denied',
  'failed',
]
const events: readonly NineStepEvent[] = [
  'identify',
  'ask',
  'allow',
  'narrow',
  'grant',
  'complete',
  'deny',
  'fail',
]

/** What every `NineStepStore` does. */
export function nineStepContract(name: string, open: Open<NineStepStore>): void {
  describe(`${name} as nine-step handshake store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<NineStepHandshake> = {}) => {
      const handshake = sampleNineStep(changes)
      await store().insert(handshake)
      return handshake
    }

    test('gives back what was inserted and refuses the same id again', async () => {
      const handshake = await insert()
      assert.deepEqual(await store().find(handshake.id), handshake)
      assert.equal(await store().find('ath_hs_nobody'), undefined)
      await assert.rejects(store().insert(handshake))
      const plain = await insert({ encrypted: false, transcript: {} })
      assert.deepEqual(await store().find(plain.id), plain)
    })

    test('goes the whole legal way, keeps what each step learned and adds each message to those before', async () => {
      const { id, transcript, ...handshake } = await insert()
      await store().advance(id, 'identify', testEpoch + 1, {
        agentId: 'did:ath:office-assistant',
        clientId: 'ath_client',
        lastTimestamp: testEpoch + 1,
        transcript: { m3: 'three', m4: 'four' },
      })
      await store().advance(id, 'ask', testEpoch + 2, {
        userId: 'usr_wang',
        credentialId: 'ath_uc_1',
        consentId: 'cns_1',
        expiresAt: testEpoch + 900,
        transcript: { m5: 'five' },
      })
      const grants = [
        { grantId: 'gnt_1', providerId: 'oa' },
        { grantId: 'gnt_2', providerId: 'crm' },
      ]
      await store().advance(id, 'allow', testEpoch + 3, { grants, grantLifetimeSeconds: 3600 })
      await store().advance(id, 'narrow', testEpoch + 4, { grants: grants.slice(0, 1) })
      const granted = await store().advance(id, 'grant', testEpoch + 5, {
        transcript: { m8: 'eight' },
      })
      const expected: NineStepHandshake = {
        ...handshake,
        id,
        state: 'granted',
        agentId: 'did:ath:office-assistant',
        clientId: 'ath_client',
        lastTimestamp: testEpoch + 1,
        userId: 'usr_wang',
        credentialId: 'ath_uc_1',
        consentId: 'cns_1',
        expiresAt: testEpoch + 900,
        grantLifetimeSeconds: 3600,
        grants: grants.slice(0, 1),
        transcript: { ...transcript, m3: 'three', m4: 'four', m5: 'five', m8: 'eight' },
      }
      assert.deepEqual(granted, expected)
      const completed = await store().advance(id, 'complete', testEpoch + 6)
      assert.deepEqual(completed, { ...expected, state: 'completed' })
      assert.deepEqual(await store().find(id), completed)
    })

    test('[U12] no event happens from a state that does not allow it', async () => {
      for (const state of states)
        for (const event of events) {
          const { id } = await insert({ state })
          const advanced = await store().advance(id, event, testEpoch, { endReason: 'x' })
          const isLegal = nineStepStatesBefore(event).includes(state)
          assert.equal(advanced !== undefined, isLegal, `${event} from ${state}`)
          if (!advanced) assert.equal((await store().find(id))?.endReason, undefined)
        }
    })

    test('[U12] of 50 messages at once that complete one handshake exactly one does', async () => {
      const { id } = await insert({ state: 'granted' })
      const completed = await inParallel(50, () => store().advance(id, 'complete', testEpoch))
      assert.equal(completed.filter((found) => found?.state === 'completed').length, 1)
    })

    test('of 50 parallel and different ends one counts, and its reason stays', async () => {
      const { id } = await insert({ state: 'asking' })
      const ends = await inParallel(50, (index) =>
        store().advance(id, index % 2 ? 'deny' : 'fail', testEpoch, { endReason: `end ${index}` }),
      )
      const [won, ...others] = ends.filter((found) => found !== undefined)
      assert.equal(others.length, 0)
      assert.deepEqual(await store().find(id), won)
      assert.equal(won?.endReason, `end ${ends.findIndex((found) => found !== undefined)}`)
    })

    test('[U12] nothing happens to a handshake from the second on in which it expires', async () => {
      for (const event of events) {
        const state = nineStepStatesBefore(event)[0] as NineStepState
        const { id, expiresAt } = await insert({ state })
        assert.equal(await store().advance(id, event, expiresAt), undefined)
        assert.equal((await store().find(id))?.state, state)
        assert.ok(await store().advance(id, event, expiresAt - 0.001))
      }
    })

    test('an unknown handshake does not advance', async () => {
      assert.equal(await store().advance('ath_hs_nobody', 'identify', testEpoch), undefined)
    })

    test('a sweep removes what expired before, and nothing else', async () => {
      const old = await insert({ expiresAt: testEpoch - 5000 })
      const edge = await insert({ expiresAt: testEpoch - 4000 })
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.equal(await store().find(old.id), undefined)
      assert.deepEqual(await store().find(edge.id), edge)
    })
  })
}
