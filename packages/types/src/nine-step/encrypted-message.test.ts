import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { compactDecrypt, CompactEncrypt } from 'jose'
import { encodeBase64url } from '../attestation/base64url.ts'
import { bytesOf } from './domain.ts'
import {
  checkTarget,
  decryptMessage,
  type EncryptedHeader,
  encryptMessage,
  importDirection,
  readEncryptedHeader,
} from './encrypted-message.ts'
import { maxSequence } from './sequence-window.ts'
import {
  createKeyShare,
  deriveSessionKeys,
  readKeyShare,
  type SessionKeys,
} from './session-keys.ts'

const one = await createKeyShare()
const other = await readKeyShare((await createKeyShare()).params)
assert.ok(other.ok)
const keys: SessionKeys = await deriveSessionKeys(
  one.privateKey,
  other.value,
  new Uint8Array(32),
  'ath_hs_1',
)
const c2s = await importDirection(keys, 'c2s')
const s2c = await importDirection(keys, 's2c')
const header = { sid: 'ath_ses_1', seq: 0, htm: 'POST', htu: '/crm/api/customer/123?x=1' }
const message = {
  headers: { 'content-type': 'application/json' },
  body: bytesOf('{"status":"following_up"}'),
}
const request = await encryptMessage(c2s, header, message)
const expected = {
  sessionId: 'ath_ses_1',
  method: 'POST',
  target: '/crm/api/customer/123?x=1',
}

test('[U10] a request comes out as it went in', async () => {
  const opened = await decryptMessage(c2s, request)
  assert.ok(opened.ok)
  assert.deepEqual(opened.value.message, message)
  assert.deepEqual(opened.value.header, {
    alg: 'dir',
    enc: 'A256GCM',
    typ: 'ath-msg',
    ...header,
  })
  assert.ok(checkTarget(opened.value.header, expected).ok)
})

test('[U10] it is a JWE that jose decrypts, and nothing of it can be read on the way', async () => {
  const opened = await compactDecrypt(request, Buffer.from(keys.keyC2s, 'base64url'))
  assert.deepEqual(JSON.parse(new TextDecoder().decode(opened.plaintext)), {
    headers: message.headers,
    body: encodeBase64url(message.body),
  })
  assert.doesNotMatch(Buffer.from(request, 'base64url').toString('latin1'), /following_up/)
})

const inners = fc.record(
  {
    status: fc.integer({ min: 100, max: 599 }),
    headers: fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), fc.string({ unit: 'grapheme' }), {
      noNullPrototype: true,
    }),
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.from(bytes)),
  },
  { requiredKeys: [], noNullPrototype: true },
)

test('[U10] any message comes back, in pieces and with its end', async () => {
  await fc.assert(
    fc.asyncProperty(inners, fc.integer({ min: 0, max: maxSequence - 1 }), async (inner, seq) => {
      const jwe = await encryptMessage(
        s2c,
        { sid: 's', seq, req: 3, part: 0, fin: true },
        inner as { status?: number; headers?: Record<string, string> },
      )
      const opened = await decryptMessage(s2c, jwe)
      assert.ok(opened.ok)
      assert.deepEqual(opened.value.message, inner)
      assert.equal(opened.value.header.seq, seq)
    }),
    { numRuns: 100 },
  )
})

test('[U10] a changed bit anywhere is refused', async () => {
  const parts = request.split('.')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 2, 3, 4),
      fc.nat(),
      fc.nat({ max: 7 }),
      async (part, at, bit) => {
        const bytes = Buffer.from(parts[part] ?? '', 'base64url')
        const index = at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
        const changed = parts.with(part, bytes.toString('base64url')).join('.')
        assert.equal((await decryptMessage(c2s, changed)).ok, false)
      },
    ),
    { numRuns: 300 },
  )
})

const nonceOf = (jwe: string) => Buffer.from(jwe.split('.')[2] ?? '', 'base64url').toString('hex')

test('[U10] no two numbers share a nonce, and one number always has the same', async () => {
  const number = fc.integer({ min: 0, max: maxSequence - 1 })
  await fc.assert(
    fc.asyncProperty(number, number, async (a, b) => {
      const [first, second] = await Promise.all(
        [a, b].map((seq) => encryptMessage(c2s, { ...header, seq }, {})),
      )
      assert.equal(nonceOf(first ?? '') === nonceOf(second ?? ''), a === b)
    }),
    { numRuns: 200 },
  )
})

test('[U10] the nonce is the IV with the number laid over its end, big-endian (RFC 8446 §5.3)', async () => {
  const iv = Buffer.from(keys.ivC2s, 'base64url')
  for (const seq of [0, 1, 255, 256, 65_536, maxSequence - 1]) {
    const nonce = Buffer.from(nonceOf(await encryptMessage(c2s, { ...header, seq }, {})), 'hex')
    const laid = Buffer.from(nonce.map((byte, at) => byte ^ (iv[at] ?? 0)))
    assert.equal(BigInt(`0x${laid.toString('hex')}`), BigInt(seq))
  }
})

test('[U10] keys whose numbers are used up encrypt nothing more', async () => {
  await assert.rejects(encryptMessage(c2s, { ...header, seq: maxSequence }, {}), RangeError)
})

test('[U10] what one direction sent is no message of the other', async () => {
  assert.deepEqual(await decryptMessage(s2c, request), {
    ok: false,
    error: { kind: 'message_malformed', evidence: 'nonce' },
  })
  // Even with its nonce right.
  const swapped = await encryptMessage({ key: c2s.key, iv: s2c.iv }, header, message)
  assert.deepEqual(await decryptMessage(s2c, swapped), {
    ok: false,
    error: { kind: 'message_undecryptable' },
  })
})

for (const [name, changes] of [
  ['another session', { sid: 'ath_ses_2' }],
  ['another method', { htm: 'GET' }],
  ['another target', { htu: '/crm/api/customer/124?x=1' }],
  ['the target without its query', { htu: '/crm/api/customer/123' }],
  ['no target', { htu: undefined }],
  ['no method', { htm: undefined }],
] as const)
  test(`[U10] a request that was encrypted for ${name} is refused`, async () => {
    const { sid, seq, htm, htu } = { ...header, ...changes }
    const given = {
      sid,
      seq,
      ...(htm === undefined ? {} : { htm }),
      ...(htu === undefined ? {} : { htu }),
    }
    const opened = await decryptMessage(c2s, await encryptMessage(c2s, given, message))
    assert.ok(opened.ok)
    assert.deepEqual(checkTarget(opened.value.header, expected), {
      ok: false,
      error: { kind: 'message_target_differs' },
    })
  })

/** Encrypts with the right key and nonce whatever a hostile peer with the keys would put in. */
async function sealed(head: object, plain: string, seq = 0): Promise<string> {
  const own = Buffer.from(keys.ivC2s, 'base64url')
  own.writeUInt32BE((own.readUInt32BE(8) ^ seq) >>> 0, 8)
  return new CompactEncrypt(bytesOf(plain))
    .setProtectedHeader(head as { alg: string; enc: string })
    .setInitializationVector(own)
    .encrypt(Buffer.from(keys.keyC2s, 'base64url'))
}
const full: EncryptedHeader = { alg: 'dir', enc: 'A256GCM', typ: 'ath-msg', ...header }

test('[U10] what jose encrypts under the rules of a session is taken', async () => {
  assert.ok((await decryptMessage(c2s, await sealed(full, '{}'))).ok)
})

const heads: readonly (readonly [string, object])[] = [
  ['no typ', { ...full, typ: undefined }],
  ['another typ', { ...full, typ: 'JWT' }],
  ['compression', { ...full, zip: 'DEF' }],
  ['a critical extension', { ...full, crit: ['exp'], exp: 1 }],
  ['a member that nobody knows', { ...full, x: 1 }],
  ['no session', { ...full, sid: undefined }],
  ['a negative number', { ...full, seq: -1 }],
  ['half a number', { ...full, seq: 0.5 }],
  ['a number in words', { ...full, seq: '0' }],
  ['a number beyond what doubles hold', { ...full, seq: 2 ** 53 }],
  ['a number under another’s nonce', { ...full, seq: 1 }],
]
for (const [name, head] of heads)
  test(`[U10] a header with ${name} is refused`, async () => {
    const [, ...rest] = (await sealed(full, '{}')).split('.')
    const jwe = [encodeBase64url(bytesOf(JSON.stringify(head))), ...rest].join('.')
    const opened = await decryptMessage(c2s, jwe)
    assert.equal(opened.ok, false)
    if (!opened.ok) assert.equal(opened.error.kind, 'message_malformed')
  })

for (const [name, plain] of [
  ['nothing', ''],
  ['text', 'hello'],
  ['a list', '[]'],
  ['a body in words', '{"body":"not base64url!"}'],
  ['a body in numbers', '{"body":7}'],
  ['headers that are a list', '{"headers":["a"]}'],
  ['a header that is two', '{"headers":{"a":["b","c"]}}'],
  ['a status out of range', '{"status":99}'],
] as const)
  test(`[U10] ${name} inside is refused, though the encryption is right`, async () => {
    const opened = await decryptMessage(c2s, await sealed(full, plain))
    assert.equal(opened.ok, false)
    if (!opened.ok) assert.equal(opened.error.kind, 'message_malformed')
  })

const [head, , nonce, text, tag] = request.split('.')
for (const [name, jwe] of [
  ['nothing', ''],
  ['four parts', `${head}.${nonce}.${text}.${tag}`],
  ['six parts', `${request}.x`],
  ['a wrapped key', `${head}.AAAA.${nonce}.${text}.${tag}`],
  ['a short tag', `${head}..${nonce}.${text}.${tag?.slice(0, 16)}`],
  ['a long nonce', `${head}..${nonce}AAAA.${text}.${tag}`],
  ['padding', `${head}..${nonce}==.${text}.${tag}`],
  ['a header of 16 KB', `${'A'.repeat(16_385)}..${nonce}.${text}.${tag}`],
  ['no dot', 'A'.repeat(100)],
] as const)
  test(`[U10] ${name} is no encrypted message`, async () => {
    const opened = await decryptMessage(c2s, jwe)
    assert.equal(opened.ok, false)
    if (!opened.ok) assert.equal(opened.error.kind, 'message_malformed')
  })

test('[U10] no text makes the readers throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[\w.=-]{0,80}$/), async (jwe) => {
      assert.equal(readEncryptedHeader(jwe).ok, false)
      assert.equal((await decryptMessage(c2s, jwe)).ok, false)
    }),
    { numRuns: 300 },
  )
})

test('[U10] damaged keys are a bug, not a session', async () => {
  await assert.rejects(importDirection({ ...keys, keyC2s: 'AAAA' }, 'c2s'), TypeError)
  await assert.rejects(importDirection({ ...keys, ivS2c: '' }, 's2c'), TypeError)
})
