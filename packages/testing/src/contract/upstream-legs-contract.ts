import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { UpstreamLeg, UpstreamLegStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleUpstreamLeg(changes: Partial<UpstreamLeg> = {}): UpstreamLeg {
  return {
    stateHash: unique('state'),
    consentId: unique('cns'),
    grantId: unique('gnt'),
    providerId: 'crm',
    codeVerifier: unique('verifier'),
    nonce: unique('nonce'),
    scopes: ['crm:write'],
    bindingHash: unique('binding'),
    expiresAt: testEpoch + 300,
    ...changes,
  }
}

/** What every `UpstreamLegStore` does. */
export function upstreamLegsContract(name: string, open: Open<UpstreamLegStore>): void {
  describe(`${name} as store of upstream legs`, () => {
    const store = useAdapter(open)

    test('a leg is taken once, whole, also by 50 callbacks at once', async () => {
      const leg = sampleUpstreamLeg()
      await store().insert(leg)
      await assert.rejects(store().insert(leg))
      const taken = await inParallel(50, () => store().take(leg.stateHash))
      assert.deepEqual(
        taken.filter((found) => found !== undefined),
        [leg],
      )
      assert.equal(await store().take(leg.stateHash), undefined)
      assert.equal(await store().take(''), undefined)
    })

    test('a sweep removes what expired before, and nothing else', async () => {
      const old = sampleUpstreamLeg({ expiresAt: testEpoch - 5000 })
      const edge = sampleUpstreamLeg({ expiresAt: testEpoch - 4000 })
      await store().insert(old)
      await store().insert(edge)
      assert.equal(await store().sweep(testEpoch - 4000), 1)
      assert.equal(await store().take(old.stateHash), undefined)
      assert.deepEqual(await store().take(edge.stateHash), edge)
    })
  })
}
