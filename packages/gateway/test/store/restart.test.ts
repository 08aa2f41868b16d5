import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import {
  sampleConsent,
  sampleDecision,
  sampleHandshake,
  sampleNineStep,
  sampleSession,
  testEpoch,
} from '@sallyport/testing'
import type { Store } from '@ath-protocol/server/parts'
import { createFolder, openTestStore } from '../data-folder.ts'

describe('a store that is closed and opened again', () => {
  let folder = createFolder()
  beforeEach(() => {
    folder = createFolder()
  })
  afterEach(() => folder.remove())

  test('[R34] an attestation id is still known after a restart', async () => {
    const first = await openTestStore(folder.dir)
    assert.equal(await first.replay.claim('https://a.example/a.json', 'jti', testEpoch + 60), true)
    await first.close()
    const second = await openTestStore(folder.dir)
    assert.equal(
      await second.replay.claim('https://a.example/a.json', 'jti', testEpoch + 60),
      false,
    )
    await second.close()
  })

  test('[R67] a handshake spent before a restart stays spent', async () => {
    const handshake = sampleHandshake({ state: 'consented' })
    const first = await openTestStore(folder.dir)
    await first.handshakes.insert(handshake)
    assert.ok(await first.handshakes.advance(handshake.id, 'spend', testEpoch))
    await first.close()
    const second = await openTestStore(folder.dir)
    assert.equal(await second.handshakes.advance(handshake.id, 'spend', testEpoch), undefined)
    await second.close()
  })

  test('[U12] a nine-step handshake goes on after a restart between any two of its messages', async () => {
    const { id } = sampleNineStep({ id: 'ath_hs_1' })
    const each = async (use: (store: Store) => Promise<unknown>) => {
      const store = await openTestStore(folder.dir)
      assert.notEqual(await use(store), undefined)
      await store.close()
    }
    await each((store) => store.nineStep.insert(sampleNineStep({ id })).then(() => true))
    await each(({ nineStep }) =>
      nineStep.advance(id, 'identify', testEpoch, { transcript: { m3: '3', m4: '4' } }),
    )
    await each(({ nineStep }) =>
      nineStep.advance(id, 'ask', testEpoch, { transcript: { m5: '5' }, consentId: 'cns_1' }),
    )
    await each((store) => store.consents.insert(sampleConsent({ id: 'cns_1' })).then(() => true))
    await each((store) => store.consents.decide('cns_1', sampleDecision()))
    await each(({ nineStep }) => nineStep.advance(id, 'allow', testEpoch, { grants: [] }))
    await each(({ nineStep }) =>
      nineStep.advance(id, 'grant', testEpoch, { transcript: { m8: '8' } }),
    )
    const session = sampleSession({ handshakeId: id })
    await each(({ nineStep }) => nineStep.advance(id, 'complete', testEpoch))
    await each(({ sessions }) => sessions.insert(session).then(() => true))
    const store = await openTestStore(folder.dir)
    const { transcript } = sampleNineStep()
    assert.deepEqual((await store.nineStep.find(id))?.transcript, {
      ...transcript,
      m3: '3',
      m4: '4',
      m5: '5',
      m8: '8',
    })
    assert.equal(await store.consents.decide('cns_1', sampleDecision()), undefined)
    assert.deepEqual(await store.sessions.find(session.id), session)
    await store.close()
  })

  test('[U10] no sequence number is used again after a restart, nor by a second gateway on the store', async () => {
    const { id } = sampleSession({ id: 'ath_ses_1' })
    const left = await openTestStore(folder.dir)
    await left.sessions.insert(sampleSession({ id }))
    assert.equal(await left.sessions.reserveSequence(id, 's2c', 1000), 0)
    const right = await openTestStore(folder.dir)
    assert.equal(await right.sessions.reserveSequence(id, 's2c', 2000), 1000)
    await Promise.all([left.close(), right.close()])
    const again = await openTestStore(folder.dir)
    assert.equal(await again.sessions.reserveSequence(id, 's2c', 3000), 2000)
    await again.close()
  })
})
