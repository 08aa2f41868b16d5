import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import test from 'node:test'
import { createDidKey, createTestKey } from '@sallyport/testing'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { bytesOf } from './domain.ts'
import { exportPem, importJwk, importKeyText } from './public-key.ts'

const p256 = await createDidKey('ES256')
const ed25519 = await createDidKey('EdDSA')

// RFC 8037 appendix A.3, and the key of RFC 9449 §4 with the thumbprint of its §6.
const published = [
  [
    { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  ],
  [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
    },
    '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I',
  ],
] as const
for (const [jwk, thumbprint] of published)
  test(`[U4] the thumbprint of the published ${jwk.crv} key is ${thumbprint} (RFC 7638)`, async () => {
    const key = await importJwk({ ...jwk, kid: 'x', use: 'sig', alg: 'whatever' })
    assert.ok(key.ok)
    assert.equal(key.value.thumbprint, thumbprint)
    assert.deepEqual(key.value.jwk, jwk)
  })

for (const { publicKey, pem } of [p256, ed25519])
  test(`[U4] an ${publicKey.alg} key is the same as JWK, as JWK in text and as PEM, and jose hashes it alike`, async () => {
    const { jwk, thumbprint } = publicKey
    for (const text of [JSON.stringify(jwk), ` ${JSON.stringify(jwk)}\n`, pem, pem.trim()]) {
      const key = await importKeyText(text)
      assert.ok(key.ok)
      assert.equal(key.value.thumbprint, thumbprint)
      assert.equal(key.value.alg, publicKey.alg)
    }
    assert.equal(await calculateJwkThumbprint(jwk as JWK), thumbprint)
    assert.equal(await exportPem(publicKey.key), pem)
  })

const { jwk } = p256.publicKey
assert.ok(jwk.kty === 'EC')
const { privateJwk, privatePem } = await createTestKey()
/** 32 bytes that are no y of this x. */
const otherY = Buffer.from(new Uint8Array(32).fill(1)).toString('base64url')

const malformed: readonly (readonly [string, unknown])[] = [
  ['a private key', privateJwk],
  ['a private key whose d is null', { ...jwk, d: null }],
  ['a point that is not on the curve', { ...jwk, y: otherY }],
  ['a point at nought', { ...jwk, x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  ['coordinates beyond the field', { ...jwk, x: '_'.repeat(42) + '8', y: '_'.repeat(42) + '8' }],
  ['a coordinate one byte short', { ...jwk, x: jwk.x.slice(0, 42) }],
  ['a coordinate with a byte in front', { ...jwk, x: `AA${jwk.x}` }],
  ['a coordinate with padding', { ...jwk, x: `${jwk.x}=` }],
  ['a coordinate in the other base64', { ...jwk, x: `+${jwk.x.slice(1)}` }],
  [
    'a P-384 key',
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }),
  ],
  [
    'a secp256k1 key',
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }),
  ],
  ['an X25519 key', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })],
  [
    'an RSA key',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
  ],
  ['a symmetric key', { kty: 'oct', k: 'AAAA' }],
  ['an EC key that says it is Ed25519', { ...jwk, crv: 'Ed25519' }],
  ['numbers for coordinates', { ...jwk, x: 1, y: 2 }],
  ['null', null],
  ['a list', [jwk]],
  ['text', 'key'],
]
for (const [name, key] of malformed)
  test(`[D3] ${name} is refused as a key`, async () => {
    assert.deepEqual(await importJwk(key), { ok: false, error: 'key_malformed' })
  })

const rsaPem = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
  type: 'spki',
  format: 'pem',
})
const texts: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['JSON that breaks off', '{"kty":"EC"'],
  ['a private key in PEM', privatePem],
  ['an RSA key in PEM', String(rsaPem)],
  ['two keys in PEM', `${p256.pem}${p256.pem}`],
  ['PEM cut short', p256.pem.slice(0, 80)],
  ['PEM with a certificate’s label', p256.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
  ['PEM with a byte changed', p256.pem.replace('MFkw', 'MFkx')],
  ['a private key as JWK in text', JSON.stringify(privateJwk)],
  ['the word ssh-ed25519', 'ssh-ed25519 AAAA'],
]
for (const [name, text] of texts)
  test(`[D3] ${name} is refused as \`client_pubkey\``, async () => {
    assert.deepEqual(await importKeyText(text), { ok: false, error: 'key_malformed' })
  })

test('[D3] a key of small order, under which anybody can sign, verifies nothing', async () => {
  const point = Buffer.alloc(32)
  point[0] = 1
  const key = await importJwk({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') })
  if (!key.ok) return
  const signature = Buffer.concat([point, Buffer.alloc(32)])
  const verified = await crypto.subtle.verify(
    { name: 'Ed25519' },
    key.value.key,
    signature,
    bytesOf('anything'),
  )
  assert.equal(verified, false)
})
