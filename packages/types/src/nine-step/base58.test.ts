import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { decodeBase58, encodeBase58 } from './base58.ts'
import { bytesOf } from './domain.ts'

// draft-msporny-base58 §5.
const vectors: readonly (readonly [Uint8Array, string])[] = [
  [bytesOf('Hello World!'), '2NEpo7TZRRrLZSi2U'],
  [
    bytesOf('The quick brown fox jumps over the lazy dog.'),
    'USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z',
  ],
  [Uint8Array.of(0, 0, 0x28, 0x7f, 0xb4, 0xcd), '11233QC4'],
  [new Uint8Array(0), ''],
  [new Uint8Array(3), '111'],
]
for (const [bytes, text] of vectors)
  test(`[U4] base58 of ${bytes.length} bytes is '${text}', and back`, () => {
    assert.equal(encodeBase58(bytes), text)
    assert.deepEqual(decodeBase58(text), Uint8Array.from(bytes))
  })

test('[U4] characters outside of the alphabet are refused', () => {
  for (const text of ['0', 'O', 'I', 'l', ' ', '1 ', '-', 'é', '😀', '1\n'])
    assert.equal(decodeBase58(text), undefined, text)
})

test('[U4] any bytes come back, and every text is one value’s only spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 48 }), (bytes) => {
      assert.deepEqual(decodeBase58(encodeBase58(bytes)), Uint8Array.from(bytes))
    }),
  )
  fc.assert(
    fc.property(fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{0,64}$/), (text) => {
      const bytes = decodeBase58(text)
      assert.ok(bytes)
      assert.equal(encodeBase58(bytes), text)
    }),
  )
})
