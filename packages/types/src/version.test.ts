import assert from 'node:assert/strict'
import test from 'node:test'
import { prefix } from './ids.ts'
import { athVersion } from './version.ts'

test('[R6] the version is MAJOR.MINOR, and the one this implements', () => {
  assert.match(athVersion, /^\d+\.\d+$/)
  assert.equal(athVersion, '0.1')
})

test('[C23] identifiers start as peers and secret scanners expect', () => {
  assert.deepEqual(
    [prefix.client, prefix.secret, prefix.handshake, prefix.token],
    ['ath_', 'ath_secret_', 'ath_sess_', 'ath_tk_'],
  )
})
