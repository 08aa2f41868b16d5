import assert from 'node:assert/strict'
import { createSign, KeyObject } from 'node:crypto'
import test from 'node:test'
import { createDidKey } from '@sallyport/testing'
import fc from 'fast-check'
import { CompactSign, compactVerify, FlattenedSign, flattenedVerify } from 'jose'
import { encodeBase64url } from '../attestation/base64url.ts'
import { bytesOf } from '../nine-step/domain.ts'
import { parseJws, signDetached, signJws, verifyDetached, verifyJws } from './jws.ts'

const typ = 'ath-hs+jws'
const keys = [await createDidKey('ES256'), await createDidKey('EdDSA')] as const
const [p256, ed25519] = keys
const payload = bytesOf('what both sides made for themselves')

for (const { signer, publicKey, privateKey } of keys) {
  const { alg } = publicKey

  test(`[U1] jose verifies what we sign detached with ${alg}`, async () => {
    const [head = '', body, mark = ''] = (await signDetached(signer, typ, payload)).split('.')
    assert.equal(body, '')
    const { protectedHeader } = await flattenedVerify(
      { protected: head, payload: encodeBase64url(payload), signature: mark },
      publicKey.key,
    )
    assert.deepEqual(protectedHeader, { alg, typ, kid: publicKey.thumbprint })
  })

  test(`[U1] we verify what jose signs detached with ${alg}`, async () => {
    const signed = await new FlattenedSign(payload)
      .setProtectedHeader({ typ, alg, kid: 'did:ath:x' })
      .sign(privateKey)
    const text = `${signed.protected}..${signed.signature}`
    assert.ok((await verifyDetached(text, typ, payload, publicKey)).ok)
  })

  test(`[U6] jose and we verify each other’s compact JWS with ${alg}`, async () => {
    const ours = await signJws(signer, typ, { a: 1 })
    assert.equal(
      new TextDecoder().decode((await compactVerify(ours, publicKey.key)).payload),
      '{"a":1}',
    )
    const theirs = await new CompactSign(payload).setProtectedHeader({ alg, typ }).sign(privateKey)
    const parsed = parseJws(theirs, 4096)
    assert.ok(parsed.ok)
    assert.ok((await verifyJws(parsed.value, typ, publicKey)).ok)
    assert.deepEqual(parsed.value.payload, payload)
  })

  test(`[U1] a detached signature with ${alg} in which any bit is changed is refused`, async () => {
    const text = await signDetached(signer, typ, payload)
    const parts = text.split('.')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 2),
        fc.nat(),
        fc.nat({ max: 7 }),
        async (part, at, bit) => {
          const bytes = Buffer.from(parts[part] ?? '', 'base64url')
          const index = at % bytes.length
          bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
          const changed = parts.with(part, bytes.toString('base64url')).join('.')
          assert.equal((await verifyDetached(changed, typ, payload, publicKey)).ok, false)
        },
      ),
      { numRuns: 200 },
    )
  })

  test(`[U1] a signature with ${alg} over another payload is refused`, async () => {
    const text = await signDetached(signer, typ, payload)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async (other) => {
        assert.deepEqual(await verifyDetached(text, typ, other, publicKey), {
          ok: false,
          error: 'signature_wrong',
        })
      }),
      { numRuns: 50 },
    )
  })
}

/** Signs any header with the P-256 key, right or not. */
async function withHeader(header: object, key = p256): Promise<string> {
  const head = encodeBase64url(bytesOf(JSON.stringify(header)))
  const input = bytesOf(`${head}.${encodeBase64url(payload)}`)
  return `${head}..${encodeBase64url(await key.signer.sign(input))}`
}
const good = { alg: 'ES256', typ }
const verify = (text: string, key = p256.publicKey) => verifyDetached(text, typ, payload, key)

test('[U1] the helper of these tests signs what is taken', async () => {
  assert.ok((await verify(await withHeader(good))).ok)
})

const headers: readonly (readonly [string, object, string])[] = [
  ['alg none', { ...good, alg: 'none' }, 'alg_differs'],
  ['alg HS256', { ...good, alg: 'HS256' }, 'alg_differs'],
  ['alg of another curve', { ...good, alg: 'ES384' }, 'alg_differs'],
  ['alg EdDSA at a P-256 key', { ...good, alg: 'EdDSA' }, 'alg_differs'],
  ['alg in lower case', { ...good, alg: 'es256' }, 'alg_differs'],
  ['alg as a list', { ...good, alg: ['ES256'] }, 'alg_differs'],
  ['no alg', { typ }, 'alg_differs'],
  ['another typ', { ...good, typ: 'JWT' }, 'typ_differs'],
  ['the typ of an access token', { ...good, typ: 'at+jwt' }, 'typ_differs'],
  ['no typ', { alg: 'ES256' }, 'typ_differs'],
  ['crit', { ...good, crit: ['exp'] }, 'crit_not_understood'],
  ['crit that is empty', { ...good, crit: [] }, 'crit_not_understood'],
  ['b64 false', { ...good, b64: false, crit: ['b64'] }, 'crit_not_understood'],
  ['b64 true', { ...good, b64: true }, 'crit_not_understood'],
  ['a list for a header', [good], 'header_invalid'],
]
for (const [name, header, error] of headers)
  test(`[U1] [D3] ${name} in the header is refused, though the signature is right`, async () => {
    assert.deepEqual(await verify(await withHeader(header)), { ok: false, error })
  })

test('[U1] a key in the header is not asked, and that of another is refused', async () => {
  const thief = await createDidKey('ES256')
  const header = { ...good, jwk: thief.publicKey.jwk, kid: 'x', jku: 'https://evil.example' }
  assert.deepEqual(await verify(await withHeader(header, thief)), {
    ok: false,
    error: 'signature_wrong',
  })
  assert.ok((await verify(await withHeader(header))).ok)
})

test('[U1] an EdDSA signature under a P-256 key’s name is refused, and the other way round', async () => {
  const swapped = await withHeader(good, ed25519)
  assert.equal((await verify(swapped)).ok, false)
  const other = await withHeader({ ...good, alg: 'EdDSA' })
  assert.deepEqual(await verify(other, ed25519.publicKey), { ok: false, error: 'signature_wrong' })
})

test('[U1] a DER signature is refused: 64 bytes, r and s, are the only form', async () => {
  const head = encodeBase64url(bytesOf(JSON.stringify(good)))
  const der = createSign('SHA256')
    .update(`${head}.${encodeBase64url(payload)}`)
    .sign(KeyObject.from(p256.privateKey))
  assert.deepEqual(await verify(`${head}..${der.toString('base64url')}`), {
    ok: false,
    error: 'signature_wrong',
  })
})

test('[U1] signatures that no key ever made are refused and do not throw', async () => {
  const head = encodeBase64url(bytesOf(JSON.stringify(good)))
  for (const bytes of [new Uint8Array(64), new Uint8Array(64).fill(0xff), new Uint8Array(63)])
    assert.deepEqual(await verify(`${head}..${encodeBase64url(bytes)}`), {
      ok: false,
      error: 'signature_wrong',
    })
})

const [head = '', , mark = ''] = (await withHeader(good)).split('.')
const texts: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['dots', '..'],
  ['a signature that is not detached', `${head}.${encodeBase64url(payload)}.${mark}`],
  ['four parts', `${head}...${mark}`],
  ['no header', `..${mark}`],
  ['no signature', `${head}..`],
  ['padding', `${head}..${mark}==`],
  ['a blank in front', ` ${head}..${mark}`],
  ['a line break behind', `${head}..${mark}\n`],
  ['the other base64', `${head}..${mark.replaceAll('-', '+').replaceAll('_', '/')}+`],
  ['loose last bits in the header', `${head.slice(0, -1)}${turned(head.at(-1) ?? '')}..${mark}`],
  ['loose last bits in the signature', `${head}..${mark.slice(0, -1)}${turned(mark.at(-1) ?? '')}`],
  ['more than a kilobyte', `${head}${'A'.repeat(1024)}..${mark}`],
  [
    'a header with a byte order mark',
    `${encodeBase64url(bytesOf(`\ufeff${JSON.stringify(good)}`))}..${mark}`,
  ],
  ['a header that is not UTF-8', `${encodeBase64url(Uint8Array.of(0x7b, 0xff, 0x7d))}..${mark}`],
  ['a header that is not JSON', `${encodeBase64url(bytesOf('{alg:ES256}'))}..${mark}`],
  ['a header that is null', `${encodeBase64url(bytesOf('null'))}..${mark}`],
]
/** The next character: other bits at the end, where base64url leaves room. */
function turned(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(character) ^ 1] ?? ''
}
for (const [name, text] of texts)
  test(`[U1] ${name} is no detached signature`, async () => {
    assert.equal((await verify(text)).ok, false)
  })

test('[U1] no text makes the parser throw, and none but three full parts is taken', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_.=+/ -]{0,120}$/), (text) => {
      const parsed = parseJws(text, 100)
      if (parsed.ok) assert.match(text, /^[\w-]+\.[\w-]+\.[\w-]+$/)
      if (text.length > 100) assert.deepEqual(parsed, { ok: false, error: 'not_a_jws' })
    }),
    { numRuns: 1000 },
  )
})
