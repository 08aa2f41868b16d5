import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Handshake, HandshakeStore } from '@ath-protocol/server'
import { type HandshakeEvent, handshakeLifetimeSeconds, statesBefore } from '@ath-protocol/types'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleHandshake(changes: Partial<Handshake> = {}): Handshake {
  return {
    id: unique('ath_sess'),
    clientId: 'ath_client',
    agentId: 'https://agent.example/agent.json',
    providerId: 'oa',
    requestedScopes: ['oa:read'],
    agentState: 'state of the agent 状态',
    userRedirectUri: 'https://agent.example/done?x=1',
    resource: 'https://oa.example/',
    opaqueHash: unique('opaque'),
    upstreamStateHash: unique('upstream'),
    codeVerifier: unique('verifier'),
    nonce: unique('nonce'),
    state: 'created',
    createdAt: testEpoch,
    expiresAt: testEpoch + handshakeLifetimeSeconds,
    ...changes,
  }
}

const events: readonly HandshakeEvent[] = ['bind', 'ask', 'consent', 'deny', 'fail', 'spend']

/** What every `HandshakeStore` does. */
export function handshakesContract(name: string, open: Open<HandshakeStore>): void {
  describe(`${name} as handshake store`, () => {
    const store = useAdapter(open)
    const insert = async (changes: Partial<Handshake> = {}) => {
      const handshake = sampleHandshake(changes)
      await store().insert(handshake)
      return handshake
    }

    test('gives back what was inserted, by id and by opaque part', async () => {
      const handshake = await insert()
      assert.deepEqual(await store().find(handshake.id), handshake)
      assert.deepEqual(await store().findByOpaque(handshake.opaqueHash), handshake)
      assert.equal(await store().find('ath_sess_nobody'), undefined)
      assert.equal(await store().findByOpaque('nothing'), undefined)
    })

    test('refuses a second handshake with the same id', async () => {
      const { id } = await insert()
      await assert.rejects(store().insert(sampleHandshake({ id })))
    })

    test('the upstream state is taken once, also by 50 callbacks at once (R57)', async () => {
      const handshake = await insert()
      const taken = await inParallel(50, () =>
        store().takeByUpstreamState(handshake.upstreamStateHash),
      )
      assert.deepEqual(
        taken.filter((found) => found !== undefined),
        [handshake],
      )
      assert.equal(await store().takeByUpstreamState(handshake.upstreamStateHash), undefined)
      assert.equal((await store().find(handshake.id))?.codeVerifier, handshake.codeVerifier)
      assert.equal(await store().takeByUpstreamState(''), undefined)
    })

    test('goes the whole legal way, and keeps what each step learned', async () => {
      const { id, ...handshake } = await insert()
      await store().advance(id, 'bind', testEpoch + 1, { bindingHash: 'cookie' })
      await store().advance(id, 'ask', testEpoch + 2, {
        offeredScopes: ['oa:read'],
        userId: 'usr_1',
      })
      const consented = await store().advance(id, 'consent', testEpoch + 3, {
        grantId: 'gnt_1',
        grantLifetimeSeconds: 3600,
        consentedScopes: [],
        codeHash: 'code',
      })
      const expected: Handshake = {
        ...handshake,
        id,
        state: 'consented',
        bindingHash: 'cookie',
        offeredScopes: ['oa:read'],
        userId: 'usr_1',
        grantId: 'gnt_1',
        grantLifetimeSeconds: 3600,
        consentedScopes: [],
        codeHash: 'code',
      }
      assert.deepEqual(consented, expected)
      const spent = await store().advance(id, 'spend', testEpoch + 4)
      assert.deepEqual(spent, { ...expected, state: 'spent' })
      assert.deepEqual(await store().find(id), spent)
    })

    test('[R67] no event happens from a state that does not allow it, and none after `spent`', async () => {
      for (const state of [
        'created',
        'bound',
        'asking',
        'consented',
        'denied',
        'failed',
        'spent',
      ] as const)
        for (const event of events) {
          const { id } = await insert({ state })
          const advanced = await store().advance(id, event, testEpoch, { endReason: 'x' })
          assert.equal(
            advanced !== undefined,
            statesBefore(event).includes(state),
            `${event} from ${state}`,
          )
          if (!advanced) assert.equal((await store().find(id))?.endReason, undefined)
        }
    })

    test('[R67] of 50 parallel token exchanges of one handshake exactly one spends it', async () => {
      const { id } = await insert({ state: 'consented' })
      const spent = await inParallel(50, () => store().advance(id, 'spend', testEpoch))
      assert.equal(spent.filter((found) => found?.state === 'spent').length, 1)
      assert.equal(spent.filter((found) => found === undefined).length, 49)
    })

    test('of 50 parallel and different answers of the user one counts', async () => {
      const { id } = await insert({ state: 'asking' })
      const answers = await inParallel(50, (index) =>
        store().advance(id, index % 2 ? 'deny' : 'consent', testEpoch),
      )
      const [won, ...others] = answers.filter((found) => found !== undefined)
      assert.equal(others.length, 0)
      assert.equal((await store().find(id))?.state, won?.state)
    })

    test('[R66] nothing happens to a handshake from the second on in which it expires', async () => {
      for (const event of events) {
        const state = statesBefore(event)[0] as Handshake['state']
        const { id, expiresAt } = await insert({ state })
        assert.equal(await store().advance(id, event, expiresAt), undefined)
        assert.equal(await store().advance(id, event, expiresAt + 1), undefined)
        assert.equal((await store().find(id))?.state, state)
        assert.ok(await store().advance(id, event, expiresAt - 0.001))
      }
    })

    test('an unknown handshake does not advance', async () => {
      assert.equal(await store().advance('ath_sess_nobody', 'bind', testEpoch), undefined)
    })

    test('a sweep removes what expired before, and nothing else', async () => {
      const old = await insert({ expiresAt: testEpoch - 5000 })
      const edge = await insert({ expiresAt: testEpoch - 4000 })
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.equal(await store().find(old.id), undefined)
      assert.equal(await store().findByOpaque(old.opaqueHash), undefined)
      assert.equal(await store().takeByUpstreamState(old.upstreamStateHash), undefined)
      assert.deepEqual(await store().find(edge.id), edge)
    })
  })
}
