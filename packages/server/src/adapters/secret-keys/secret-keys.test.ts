import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { systemRandom } from '../system/random.ts'
import { keysOfSecret } from './secret-keys.ts'

const secret = 'a secret of at least 32 characters'
const other = `${secret}!`

test('every process with the secret has the same keys, and another secret others', () => {
  const [one, two, three] = [secret, secret, other].map((text) => keysOfSecret(text, systemRandom))
  assert.deepEqual(one?.signer('token').publicJwk(), two?.signer('token').publicJwk())
  assert.notEqual(one?.signer('token').kid, three?.signer('token').kid)
})

test('[U1] [U9] each purpose has a key of its own', () => {
  const keys = keysOfSecret(secret, systemRandom)
  assert.notEqual(keys.signer('token').publicJwk().x, keys.signer('handshake').publicJwk().x)
})

test('what one signs, its public key verifies', async () => {
  const signer = keysOfSecret(secret, systemRandom).signer('token')
  const input = Buffer.from('a message')
  const signature = await signer.sign(input)
  const key = createPublicKey({ key: { ...signer.publicJwk() }, format: 'jwk' })
  assert.equal(signature.length, 64)
  assert.ok(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature))
})

test('[R122] what one process sealed another opens, and nobody without the secret', () => {
  const sealed = keysOfSecret(secret, systemRandom).seal.seal('a token', 'row 1')
  assert.ok(!sealed.includes('a token'))
  assert.equal(keysOfSecret(secret, systemRandom).seal.open(sealed, 'row 1'), 'a token')
  assert.throws(() => keysOfSecret(secret, systemRandom).seal.open(sealed, 'row 2'))
  assert.throws(() => keysOfSecret(other, systemRandom).seal.open(sealed, 'row 1'))
})
