import assert from 'node:assert/strict'
import { createECDH, hkdfSync } from 'node:crypto'
import test from 'node:test'
import { createTestKey } from '@sallyport/testing'
import fc from 'fast-check'
import { encodeBase64url } from '../attestation/base64url.ts'
import { bytesOf } from './domain.ts'
import { exportPem } from './public-key.ts'
import { createKeyShare, deriveSessionKeys, readKeyShare } from './session-keys.ts'
import { type Transcript, transcriptHash } from './transcript.ts'

const client = await createKeyShare()
const server = await createKeyShare()
const transcript: Transcript = { m1: '{"a":1}', m2: '2', m3: '3', m4: '4', m5: '5', m8: '8' }
const hash = await transcriptHash(transcript, '9c', '9s')
const handshakeId = 'ath_hs_1'

async function publicOf(params: Parameters<typeof readKeyShare>[0]): Promise<CryptoKey> {
  const share = await readKeyShare(params)
  assert.ok(share.ok)
  return share.value
}
const clientPublic = await publicOf(client.params)
const serverPublic = await publicOf(server.params)
const ofClient = await deriveSessionKeys(client.privateKey, serverPublic, hash, handshakeId)

test('[U8] [D9] both sides derive the same five secrets', async () => {
  const ofServer = await deriveSessionKeys(server.privateKey, clientPublic, hash, handshakeId)
  assert.deepEqual(ofServer, ofClient)
  assert.equal(new Set(Object.values(ofClient)).size, 5)
  assert.deepEqual(
    Object.values(ofClient).map((secret) => Buffer.from(secret, 'base64url').length),
    [32, 32, 12, 12, 32],
  )
})

test('[U8] the derivation is HKDF-SHA-256 as another implementation computes it', async () => {
  // The other side with node:crypto alone.
  const other = createECDH('prime256v1')
  const point = other.generateKeys()
  const { x, y } = client.params
  const shared = other.computeSecret(
    Buffer.concat([Uint8Array.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]),
  )
  const expand = (label: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', shared, hash, `${label}\0${handshakeId}`, bytes)).toString(
      'base64url',
    )
  const derived = await deriveSessionKeys(
    client.privateKey,
    await publicOf(encodeBase64url(point)),
    hash,
    handshakeId,
  )
  assert.deepEqual(derived, {
    keyC2s: expand('ATH/0.1 key c2s', 32),
    keyS2c: expand('ATH/0.1 key s2c', 32),
    ivC2s: expand('ATH/0.1 iv c2s', 12),
    ivS2c: expand('ATH/0.1 iv s2c', 12),
    exporter: expand('ATH/0.1 exporter', 32),
  })
})

test('[U8] two sides whose transcripts differ by one character, anywhere, have no key in common', async () => {
  const messages = { ...transcript, client: '9c', server: '9s' }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(messages) as (keyof typeof messages)[])),
      fc.nat(),
      fc.constantFrom('x', ' ', '\0', ''),
      async (name, at, put) => {
        const text = messages[name]
        const index = at % text.length
        const changed = {
          ...messages,
          [name]: text.slice(0, index) + put + text.slice(index + 1),
        }
        fc.pre(changed[name] !== text)
        const other = await transcriptHash(changed, changed.client, changed.server)
        const derived = await deriveSessionKeys(client.privateKey, serverPublic, other, handshakeId)
        for (const [secret, value] of Object.entries(derived))
          assert.notEqual(value, ofClient[secret as keyof typeof ofClient])
      },
    ),
    { numRuns: 60 },
  )
})

test('[U8] text moved from one message to the next makes another transcript', async () => {
  const moved = await transcriptHash({ ...transcript, m2: '23', m3: '' }, '9c', '9s')
  assert.notDeepEqual(moved, hash)
})

test('[U8] another handshake has other keys, though all else is the same', async () => {
  const derived = await deriveSessionKeys(client.privateKey, serverPublic, hash, 'ath_hs_2')
  assert.notEqual(derived.keyC2s, ofClient.keyC2s)
})

test('[U8] [D19] every share is new, and its private half cannot be read', async () => {
  const shares = await Promise.all(Array.from({ length: 8 }, () => createKeyShare()))
  assert.equal(new Set(shares.map(({ params }) => params.x)).size, 8)
  for (const { privateKey } of shares)
    await assert.rejects(crypto.subtle.exportKey('jwk', privateKey))
})

test('[U8] `key_exchange_params` is taken as JWK, as a point and as PEM', async () => {
  const point = encodeBase64url(new Uint8Array(await crypto.subtle.exportKey('raw', serverPublic)))
  const pem = await exportPem(serverPublic)
  for (const params of [{ ...server.params, kid: 'x' }, point, pem, `\n${pem}`]) {
    const derived = await deriveSessionKeys(
      client.privateKey,
      await publicOf(params),
      hash,
      handshakeId,
    )
    assert.deepEqual(derived, ofClient)
  }
})

const { x, y } = server.params
const raw = (bytes: Uint8Array) => encodeBase64url(bytes)
const onCurve = Buffer.concat([
  Uint8Array.of(4),
  Buffer.from(x, 'base64url'),
  Buffer.from(y, 'base64url'),
])
const { privateJwk, privatePem } = await createTestKey()
const refused: readonly (readonly [string, string | Readonly<Record<string, unknown>>])[] = [
  ['a point that is not on the curve', { ...server.params, y: x }],
  ['a point beside the curve, as bytes', raw(onCurve.with(64, (onCurve[64] ?? 0) ^ 1))],
  ['a point of the twist', raw(Uint8Array.from([4, ...new Uint8Array(63), 1]))],
  ['the point at nought', raw(Uint8Array.from([4, ...new Uint8Array(64)]))],
  ['the point at infinity', raw(Uint8Array.of(0))],
  ['a compressed point', raw(Uint8Array.from([2, ...onCurve.subarray(1, 33)]))],
  ['a hybrid point', raw(onCurve.with(0, 6 + ((onCurve[64] ?? 0) & 1)))],
  ['a point with a byte behind it', raw(Buffer.concat([onCurve, Uint8Array.of(0)]))],
  ['coordinates beyond the field', raw(new Uint8Array(65).fill(0xff).with(0, 4))],
  ['a private JWK', privateJwk],
  ['a JWK whose private part is null', { ...server.params, d: null }],
  ['a private key in PEM', privatePem],
  ['a P-384 JWK', { ...server.params, crv: 'P-384' }],
  ['an X25519 JWK', { kty: 'OKP', crv: 'X25519', x }],
  ['a JWK without y', { kty: 'EC', crv: 'P-256', x }],
  ['a JWK of numbers', { kty: 'EC', crv: 'P-256', x: 1, y: 2 }],
  ['an empty object', {}],
  ['nothing', ''],
  ['text', 'ecdh_public_key'],
  ['a point in hexadecimal', onCurve.toString('hex')],
  ['a point in padded base64', onCurve.toString('base64')],
]
for (const [name, params] of refused)
  test(`[U8] ${name} is no share of a key`, async () => {
    assert.deepEqual(await readKeyShare(params), { ok: false, error: 'key_share_malformed' })
  })

test('[U8] no text makes the reader throw', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string({ maxLength: 100 }), fc.dictionary(fc.string(), fc.jsonValue())),
      async (params) => {
        assert.equal(
          (await readKeyShare(params as Readonly<Record<string, unknown>> | string)).ok,
          false,
        )
      },
    ),
    { numRuns: 200 },
  )
})

test('[U8] the hash of a transcript is SHA-256 over the hashes of its messages', async () => {
  const sha = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const parts = await Promise.all(
    ['{"a":1}', '2', '3', '4', '5', '8', '9c', '9s'].map((text) => sha(bytesOf(text))),
  )
  assert.deepEqual(hash, await sha(Uint8Array.from(parts.flatMap((part) => [...part]))))
})
