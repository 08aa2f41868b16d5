import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '@ath-protocol/types'
import { InMemoryProviderTokenStore } from '../memory/provider-token-store.ts'
import type { OAuthBridge } from '../ports/oauth.ts'
import type { AskedCall } from './credential.ts'
import type { LiveToken } from '../story/live-token.ts'
import { oauth2Credential } from './oauth2.ts'

test('processes that share a store renew one token in turn: neither uses a refresh token that the other spent, and no grant ends', async () => {
  let now = 1000
  const ended: string[] = []
  const providerTokens = new InMemoryProviderTokenStore()
  const valid = new Set(['refresh-0'])
  let count = 0
  // As a server that rotates: each refresh token is good once (RFC 9700 §4.14.2).
  const refresh: OAuthBridge['refresh'] = async (_provider, tokens) => {
    if (!valid.delete(tokens.refreshToken ?? ''))
      return fail({ reason: 'upstream_oauth', step: 'refresh', error: 'invalid_grant' })
    count++
    valid.add(`refresh-${count}`)
    const accessToken = `access-${count}`
    return ok({ ...tokens, accessToken, refreshToken: `refresh-${count}`, expiresAt: now + 3600 })
  }
  await providerTokens.save('grn_1', {
    accessToken: 'access-0',
    refreshToken: 'refresh-0',
    expiresAt: now + 3600,
    scopes: [],
  })
  const inProcess = () => {
    const credential = oauth2Credential('shop', {
      providerTokens,
      oauth: { refresh },
      audit: { record: () => 'evt', settled: async () => {} },
      clock: { now: () => now },
      endGrant: async (id) => void ended.push(id),
    })
    // Each process has its own objects for the same grant.
    const token = { grant: { id: 'grn_1' } } as unknown as LiveToken
    const asked = { method: 'GET', path: '/', unsealed: undefined } as AskedCall
    return async () => credential.mint(token, '/', asked)
  }
  const one = inProcess()
  const other = inProcess()
  await one()
  await other()
  for (let hour = 1; hour <= 3; hour++) {
    now += 3590
    const expected = ok(['authorization', `Bearer access-${hour}`])
    assert.deepEqual(await one(), expected)
    assert.deepEqual(await other(), expected)
  }
  now += 3590
  assert.ok((await Promise.all([one(), other()])).every((minted) => minted.ok))
  assert.deepEqual(ended, [])
})
