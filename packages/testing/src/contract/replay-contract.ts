import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ReplayStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

const agent = 'https://agent.example/agent.json'

/** What every `ReplayStore` does. */
export function replayContract(name: string, open: Open<ReplayStore>): void {
  describe(`${name} as replay store`, () => {
    const store = useAdapter(open)

    test('[R34] an attestation id counts once', async () => {
      const jti = unique('jti')
      assert.equal(await store().claim(agent, jti, testEpoch + 60), true)
      assert.equal(await store().claim(agent, jti, testEpoch + 60), false)
      assert.equal(await store().claim(agent, jti, testEpoch + 3600), false)
    })

    test('[R34] of 50 parallel claims of one id exactly one wins', async () => {
      const jti = unique('jti')
      const won = await inParallel(50, () => store().claim(agent, jti, testEpoch + 60))
      assert.equal(won.filter(Boolean).length, 1)
    })

    test('the same id of another agent is another id, however the two are spelled', async () => {
      const jti = unique('jti')
      assert.equal(await store().claim(agent, jti, testEpoch + 60), true)
      assert.equal(await store().claim(`${agent}x`, jti, testEpoch + 60), true)
      assert.equal(await store().claim(`${agent}xy`, `z${jti}`, testEpoch + 60), true)
      assert.equal(await store().claim(`${agent}x`, `yz${jti}`, testEpoch + 60), true)
      assert.equal(await store().claim(agent, 'x'.repeat(6000), testEpoch + 60), true)
      assert.equal(await store().claim(agent, 'x'.repeat(6000), testEpoch + 60), false)
    })

    test('[R34] an id is kept until it expires, and only then forgotten', async () => {
      const jti = unique('jti')
      await store().claim(agent, jti, testEpoch - 5000)
      await store().sweep(testEpoch - 5000)
      assert.equal(await store().claim(agent, jti, testEpoch - 5000), false)
      assert.equal(await store().sweep(testEpoch - 4999), 1)
      assert.equal(await store().claim(agent, jti, testEpoch + 60), true)
    })
  })
}
