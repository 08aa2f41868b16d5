import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConsentDecided, ConsentRequest, ConsentStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleConsent(changes: Partial<ConsentRequest> = {}): ConsentRequest {
  return {
    id: unique('cns'),
    handshake: { kind: 'nine_step', id: unique('ath_hs') },
    clientId: 'ath_client',
    agentId: 'did:ath:office-assistant',
    clientDid: 'did:ath:office-assistant',
    userId: 'usr_wang',
    requested: [
      { providerId: 'oa', name: 'oa:read' },
      { providerId: 'crm', name: 'crm:write' },
    ],
    offered: [{ providerId: 'oa', name: 'oa:read' }],
    words: 'monthly report 月报',
    risk: 'high',
    restrictions: [{ ip_whitelist: ['10.0.0.0/8'] }, { access_time: '9:00-18:00' }],
    longestSeconds: 28_800,
    message: '{"type":"authorization_pending"}',
    createdAt: testEpoch + 0.125,
    expiresAt: testEpoch + 300,
    ...changes,
  }
}

export function sampleDecision(changes: Partial<ConsentDecided> = {}): ConsentDecided {
  return {
    approved: true,
    userId: 'usr_wang',
    scopes: [{ providerId: 'oa', name: 'oa:read' }],
    lifetimeSeconds: 3600,
    method: 'passkey',
    message: '{"type":"user_confirmation"}',
    decidedAt: testEpoch + 10,
    ...changes,
  }
}

/** What every `ConsentStore` does. */
export function consentsContract(name: string, open: Open<ConsentStore>): void {
  describe(`${name} as consent store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<ConsentRequest> = {}) => {
      const consent = sampleConsent(changes)
      assert.equal(await store().insert(consent), true)
      return consent
    }

    test('gives back what was inserted, by id and by handshake', async () => {
      const consent = await insert()
      assert.deepEqual(await store().find(consent.id), consent)
      assert.deepEqual(await store().findByHandshake(consent.handshake.id), consent)
      assert.equal(await store().find('cns_nobody'), undefined)
      assert.equal(await store().findByHandshake('ath_hs_nobody'), undefined)
    })

    test('keeps absent fields absent, and empty lists empty', async () => {
      const { clientDid, userId, words, message, ...rest } = sampleConsent()
      const consent: ConsentRequest = {
        ...rest,
        handshake: { kind: 'two_phase', id: unique('ath_sess') },
        restrictions: [],
        offered: [],
      }
      await store().insert(consent)
      assert.deepEqual(await store().find(consent.id), consent)
    })

    test('[U7] of 50 parallel questions for one handshake one is asked', async () => {
      const handshake = { kind: 'nine_step', id: unique('ath_hs') } as const
      const rivals = Array.from({ length: 50 }, () => sampleConsent({ handshake }))
      const won = await inParallel(50, (index) => store().insert(rivals[index] as ConsentRequest))
      assert.equal(won.filter(Boolean).length, 1)
      assert.deepEqual(await store().findByHandshake(handshake.id), rivals[won.indexOf(true)])
      assert.equal(await store().insert(sampleConsent({ handshake })), false)
    })

    test('[U7] of 50 parallel and different answers one stands, and whoever comes second changes nothing', async () => {
      const consent = await insert()
      const answers = Array.from({ length: 50 }, (_, index) =>
        index % 2
          ? sampleDecision({ decidedAt: testEpoch + 10 + index })
          : sampleDecision({ approved: false, scopes: [], decidedAt: testEpoch + 10 + index }),
      )
      const decided = await inParallel(50, (index) =>
        store().decide(consent.id, answers[index] as ConsentDecided),
      )
      const [won, ...others] = decided.filter((found) => found !== undefined)
      assert.equal(others.length, 0)
      assert.deepEqual(won, {
        ...consent,
        decision: answers[decided.findIndex((found) => found !== undefined)],
      })
      assert.equal(await store().decide(consent.id, sampleDecision()), undefined)
      assert.deepEqual(await store().find(consent.id), won)
    })

    test('[U12] no answer counts from the second on in which the question expires, nor for an unknown one', async () => {
      const consent = await insert()
      for (const decidedAt of [consent.expiresAt, consent.expiresAt + 1])
        assert.equal(await store().decide(consent.id, sampleDecision({ decidedAt })), undefined)
      assert.deepEqual(await store().find(consent.id), consent)
      const inTime = sampleDecision({ decidedAt: consent.expiresAt - 0.001 })
      assert.deepEqual(await store().decide(consent.id, inTime), { ...consent, decision: inTime })
      assert.equal(await store().decide('cns_nobody', sampleDecision()), undefined)
    })

    test('a decision without a signed message keeps it absent', async () => {
      const consent = await insert()
      const { message, ...rest } = sampleDecision({ method: 'chat:team' })
      await store().decide(consent.id, rest)
      assert.deepEqual((await store().find(consent.id))?.decision, rest)
    })

    test('lists what a user is asked and what they decided, the newest first, and of nobody else', async () => {
      const userId = unique('usr')
      const older = await insert({ userId, createdAt: testEpoch + 1 })
      const newer = await insert({ userId, createdAt: testEpoch + 2 })
      const expired = await insert({ userId, createdAt: testEpoch, expiresAt: testEpoch + 50 })
      const { userId: _, ...anybody } = sampleConsent({ createdAt: testEpoch + 3 })
      await store().insert(anybody)
      const ids = async (filter: { readonly pendingAt?: number; readonly limit?: number }) =>
        (await store().list({ userId, ...filter })).map(({ id }) => id)
      assert.deepEqual(await ids({}), [newer.id, older.id, expired.id])
      assert.deepEqual(await ids({ pendingAt: testEpoch + 50 }), [newer.id, older.id])
      assert.deepEqual(await ids({ limit: 1 }), [newer.id])
      await store().decide(newer.id, sampleDecision({ userId }))
      await store().decide(anybody.id, sampleDecision({ userId }))
      assert.deepEqual(await ids({ pendingAt: testEpoch + 50 }), [older.id])
      assert.deepEqual(await ids({}), [anybody.id, newer.id, older.id, expired.id])
      assert.deepEqual(await store().list({ userId: 'usr_nobody' }), [])
    })

    test('a list has at most 100 unless told otherwise', async () => {
      const userId = unique('usr')
      await inParallel(101, (index) => insert({ userId, createdAt: testEpoch + index }))
      assert.equal((await store().list({ userId })).length, 100)
      assert.equal((await store().list({ userId, limit: 101 })).length, 101)
    })

    test('each question that expired unanswered is given once, to one of 50 callers, and stays to be seen', async () => {
      const gone = await insert({ expiresAt: testEpoch - 5000 })
      const answered = await insert({ expiresAt: testEpoch - 5000 })
      await store().decide(answered.id, sampleDecision({ decidedAt: testEpoch - 5001 }))
      const open = await insert({ expiresAt: testEpoch - 4999 })
      const taken = await inParallel(50, () => store().takeExpired(testEpoch - 5000))
      assert.deepEqual(taken.flat(), [gone])
      assert.deepEqual(await store().find(gone.id), gone)
      assert.deepEqual(await store().takeExpired(testEpoch - 4999), [open])
    })

    test('a sweep removes what expired or was decided before, and nothing else', async () => {
      const expired = await insert({ expiresAt: testEpoch - 5000 })
      const edge = await insert({ expiresAt: testEpoch - 4900 })
      const decided = await insert({ expiresAt: testEpoch - 4950 })
      await store().decide(decided.id, sampleDecision({ decidedAt: testEpoch - 5000 }))
      const late = await insert({ expiresAt: testEpoch - 4800 })
      await store().decide(late.id, sampleDecision({ decidedAt: testEpoch - 4900 }))
      await store().sweep(testEpoch - 4900)
      for (const { id, handshake } of [expired, decided]) {
        assert.equal(await store().find(id), undefined)
        assert.equal(await store().findByHandshake(handshake.id), undefined)
      }
      assert.deepEqual(await store().find(edge.id), edge)
      assert.equal((await store().find(late.id))?.decision?.decidedAt, testEpoch - 4900)
      assert.equal(await store().sweep(testEpoch - 4900), 0)
    })
  })
}
