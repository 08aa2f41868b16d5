import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { decodeBase64url, encodeBase64url } from './base64url.ts'

test('decoding undoes encoding, and the platform agrees on the text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64url(bytes)
      assert.equal(text, Buffer.from(bytes).toString('base64url'))
      assert.deepEqual(decodeBase64url(text), new Uint8Array(bytes))
    }),
  )
})

test('bytes have one spelling: any text that decodes is what its bytes encode to', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_\-+/= \n]{0,12}$/), (text) => {
      const bytes = decodeBase64url(text)
      if (bytes) assert.equal(encodeBase64url(bytes), text)
    }),
    { numRuns: 2000 },
  )
})

test('padding, the other alphabet, blanks, impossible lengths and unused bits are refused', () => {
  for (const text of ['QQ==', 'QQ=', '+/+/', 'QU JD', 'QUJD\n', 'A', 'AAAAA', 'QR', 'QUF', 'é'])
    assert.equal(decodeBase64url(text), undefined, text)
  assert.deepEqual(decodeBase64url(''), new Uint8Array())
  assert.deepEqual(decodeBase64url('QQ'), Uint8Array.of(65))
})
