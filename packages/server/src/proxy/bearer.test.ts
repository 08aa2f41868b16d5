import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBearer } from './bearer.ts'

const token = `ath_tk_${'Az0_-'.repeat(9).slice(0, 43)}`

test('[R91] the token is read from the Bearer scheme, in any case', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.deepEqual(readBearer(`${scheme} ${token}`), {
      ok: true,
      value: { text: token, kind: 'opaque' },
    })
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

test('[U9] a JWT is the token of a session, as long as it is one and short enough', () => {
  const jwt = `${'a'.repeat(100)}.${'b-_'.repeat(300)}.${'c'.repeat(86)}`
  assert.deepEqual(readBearer(`Bearer ${jwt}`), { ok: true, value: { text: jwt, kind: 'session' } })
  for (const text of [
    `${jwt}.d`,
    'a.b',
    'a..c',
    'a.b.',
    `${jwt}=`,
    'a.b c.d',
    `a.${'b'.repeat(8190)}.c`,
    'é.b.c',
  ])
    assert.deepEqual(readBearer(`Bearer ${text}`), {
      ok: false,
      error: { reason: 'token_malformed' },
    })
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
