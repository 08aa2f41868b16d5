import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ProviderTokens, ProviderTokenStore } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleProviderTokens(changes: Partial<ProviderTokens> = {}): ProviderTokens {
  return {
    accessToken: unique('upstream-access'),
    refreshToken: unique('upstream-refresh'),
    expiresAt: testEpoch + 300,
    scopes: ['read'],
    resource: 'https://oa.example/',
    ...changes,
  }
}

/** What every `ProviderTokenStore` does. */
export function providerTokensContract(name: string, open: Open<ProviderTokenStore>): void {
  describe(`${name} as provider token store`, () => {
    const store = useAdapter(open)

    test('gives back what was saved last', async () => {
      const grantId = unique('gnt')
      assert.equal(await store().find(grantId), undefined)
      await store().save(grantId, sampleProviderTokens())
      const refreshed: ProviderTokens = { accessToken: 'only this', scopes: [] }
      await store().save(grantId, refreshed)
      assert.deepEqual(await store().find(grantId), refreshed)
    })

    test('lists the grants with tokens, and forgets what is removed', async () => {
      const [kept, removed] = [unique('gnt'), unique('gnt')]
      await store().save(kept, sampleProviderTokens())
      await store().save(removed, sampleProviderTokens())
      await store().remove(removed)
      await store().remove(removed)
      assert.equal(await store().find(removed), undefined)
      const listed = await store().listGrantIds()
      assert.ok(listed.includes(kept))
      assert.ok(!listed.includes(removed))
    })

    test('parallel saves for one grant leave one of them, whole', async () => {
      const grantId = unique('gnt')
      const saved = Array.from({ length: 50 }, () => sampleProviderTokens())
      await inParallel(50, (index) => store().save(grantId, saved[index] as ProviderTokens))
      const found = await store().find(grantId)
      assert.deepEqual(
        found,
        saved.find(({ accessToken }) => accessToken === found?.accessToken),
      )
    })
  })
}
