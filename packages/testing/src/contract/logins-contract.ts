import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LoginFlow, LoginSession, LoginStore } from '@ath-protocol/server/parts'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

const issuer = 'https://idp.corp.example'

/** What every `LoginStore` does. */
export function loginsContract(name: string, open: Open<LoginStore>): void {
  describe(`${name} as log-in store`, () => {
    const store = useAdapter(open)
    const user = (changes: object = {}) =>
      store().ensureUser({ issuer, subject: unique('sub'), ...changes })
    const session = async (changes: Partial<LoginSession> = {}): Promise<LoginSession> => ({
      hash: unique('cookie'),
      userId: (await user()).id,
      csrfToken: unique('csrf'),
      createdAt: testEpoch,
      expiresAt: testEpoch + 3600,
      ...changes,
    })
    const flow = (changes: Partial<LoginFlow> = {}): LoginFlow => ({
      stateHash: unique('state'),
      bindingHash: unique('binding'),
      codeVerifier: unique('verifier'),
      nonce: unique('nonce'),
      returnTo: `/ath/authorize/${unique('opaque')}`,
      expiresAt: testEpoch + 600,
      ...changes,
    })

    test('the same person is the same user every time (C24), and 50 parallel first log-ins make one', async () => {
      const subject = unique('sub')
      const people = await inParallel(50, () => user({ subject, name: '王' }))
      assert.equal(new Set(people.map(({ id }) => id)).size, 1)
      const [person] = people
      assert.match(person?.id ?? '', /^usr_[\w-]{22}$/)
      assert.deepEqual(await store().findUser(person?.id ?? ''), person)
      assert.notEqual((await user()).id, person?.id)
      const elsewhere = await store().ensureUser({ issuer: 'https://other.example', subject })
      assert.notEqual(elsewhere.id, person?.id)
      assert.equal(await store().findUser('usr_nobody'), undefined)
    })

    test('a later log-in brings name and email up to date, and leaves what it does not say', async () => {
      const subject = unique('sub')
      const { id } = await user({ subject, name: 'Wang', email: 'wang@corp.example' })
      await user({ subject, name: 'Wang Li' })
      const expected = { id, issuer, subject, name: 'Wang Li', email: 'wang@corp.example' }
      assert.deepEqual(await store().findUser(id), expected)
      assert.deepEqual(await user({ subject }), expected)
    })

    test('a session is found until it is removed', async () => {
      const signedIn = await session()
      await store().insertSession(signedIn)
      assert.deepEqual(await store().findSession(signedIn.hash), signedIn)
      await store().removeSession(signedIn.hash)
      await store().removeSession(signedIn.hash)
      assert.equal(await store().findSession(signedIn.hash), undefined)
    })

    test('a session of nobody is refused', async () => {
      await assert.rejects(store().insertSession(await session({ userId: 'usr_nobody' })))
    })

    test('a flow is taken once, also by 50 callbacks at once', async () => {
      const started = flow()
      await store().insertFlow(started)
      const taken = await inParallel(50, () => store().takeFlow(started.stateHash))
      assert.deepEqual(
        taken.filter((found) => found !== undefined),
        [started],
      )
    })

    test('a sweep removes the sessions and flows that expired before', async () => {
      const [old, kept] = [
        await session({ expiresAt: testEpoch - 2 }),
        await session({ expiresAt: testEpoch - 1 }),
      ]
      const [oldFlow, keptFlow] = [
        flow({ expiresAt: testEpoch - 2 }),
        flow({ expiresAt: testEpoch - 1 }),
      ]
      await store().insertSession(old)
      await store().insertSession(kept)
      await store().insertFlow(oldFlow)
      await store().insertFlow(keptFlow)
      assert.equal(await store().sweep(testEpoch - 1), 2)
      assert.equal(await store().findSession(old.hash), undefined)
      assert.deepEqual(await store().findSession(kept.hash), kept)
      assert.equal(await store().takeFlow(oldFlow.stateHash), undefined)
      assert.deepEqual(await store().takeFlow(keptFlow.stateHash), keptFlow)
    })
  })
}
