import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseJws, signJws, verifyJws } from '@ath-protocol/types'
import { createSeededRandom, createVirtualClock } from '@sallyport/testing'
import { createSeal, sealingKey } from '../adapters/file-keys/seal.ts'
import { generateSigningKey, openSigningKey } from '../adapters/file-keys/signing-key.ts'
import { openServerKey } from './server-key.ts'

const seal = createSeal([sealingKey(Buffer.alloc(32, 1))], createSeededRandom())
const signer = openSigningKey(
  'handshake',
  generateSigningKey('handshake', seal, createVirtualClock()),
  seal,
  'handshake.key',
)

describe('openServerKey', () => {
  test('[U1] what it signs verifies with the public key beside it, under the kid of the key file', async () => {
    const key = await openServerKey(signer)
    const jws = parseJws(await signJws(key.signer, 'ath-handshake+jws', { said: 'this' }), 4096)
    assert.ok(jws.ok)
    assert.equal(jws.value.header['kid'], signer.kid)
    assert.ok((await verifyJws(jws.value, 'ath-handshake+jws', key.publicKey)).ok)
    assert.match(signer.kid, new RegExp(`-${key.publicKey.thumbprint.slice(0, 6)}$`))
  })

  test('a public key that is on no curve is refused', async () => {
    const broken = {
      ...signer,
      publicJwk: () => ({ ...signer.publicJwk(), x: Buffer.alloc(32, 255).toString('base64url') }),
    }
    await assert.rejects(openServerKey(broken), /not on its curve/)
  })
})
