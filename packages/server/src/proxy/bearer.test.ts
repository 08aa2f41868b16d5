import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBearer } from './bearer.ts'

const token = `ath_tk_${'Az0_-'.repeat(9).slice(0, 43)}`

test('[R91] the token is read from the Bearer scheme, in any case', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.deepEqual(readBearer(`${scheme} ${token}`), { ok: true, value: token })
})

test('[R91] no header and another scheme are both no token', () => {
  for (const value of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Basic ${token}`,
    token,
    `DPoP ${token}`,
  ])
    assert.deepEqual(readBearer(value), { ok: false, error: { reason: 'token_absent' } })
})

test('[R90] what has not the form of our tokens costs no look-up', () => {
  for (const text of [
    `${token}x`,
    token.slice(0, -1),
    token.replace('ath_tk_', 'ath_xx_'),
    `${token.slice(0, -1)}=`,
    `${token}, Bearer ${token}`,
    `${token} ${token}`,
  ])
    assert.deepEqual(readBearer(`Bearer ${text}`), {
      ok: false,
      error: { reason: 'token_malformed' },
    })
})
