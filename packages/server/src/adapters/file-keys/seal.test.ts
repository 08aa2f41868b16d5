import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createSeededRandom } from '@sallyport/testing'
import { createSeal, sealingKey } from './seal.ts'

const random = createSeededRandom()
const [first, second] = [sealingKey(Buffer.alloc(32, 1)), sealingKey(Buffer.alloc(32, 2))]
const seal = createSeal([first], random)

describe('a seal', () => {
  test('opens what it sealed, and names version and key', () => {
    for (const plain of ['', 'token', '密钥 🔑', 'x'.repeat(10_000)]) {
      const sealed = seal.seal(plain, 'table.column:1')
      assert.match(sealed, new RegExp(`^v1\\.${first.id}\\.[\\w-]+$`))
      assert.equal(seal.open(sealed, 'table.column:1'), plain)
    }
  })

  test('never seals the same text to the same value', () => {
    const values = Array.from({ length: 100 }, () => seal.seal('same', 'c'))
    assert.equal(new Set(values).size, 100)
  })

  test('refuses a value under another context: another row, column or table', () => {
    const sealed = seal.seal('secret', 'handshakes.nonce:1')
    for (const context of ['handshakes.nonce:2', 'handshakes.codeVerifier:1', ''])
      assert.throws(() => seal.open(sealed, context), /was changed or moved/)
  })

  test('refuses a value in which any one character was changed', () => {
    const sealed = seal.seal('secret', 'c')
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'B' ? 'C' : 'B') + sealed.slice(at + 1)
      let opened: string | undefined
      try {
        opened = seal.open(changed, 'c')
      } catch {
        continue
      }
      // Only unused trailing bits of the last base64url digit may differ without changing a byte.
      assert.equal(at, sealed.length - 1)
      assert.equal(opened, 'secret')
    }
  })

  test('refuses what is not a sealed value', () => {
    for (const value of ['', 'v1', 'v1..', `v1.${first.id}.AAAA`, 'v2.a.b', 'a.b.c.d', 'secret'])
      assert.throws(() => seal.open(value, 'c'), /not well formed|is gone/)
  })

  test('after a rotation the new key seals, and old values open until the old key is gone', () => {
    const old = seal.seal('secret', 'c')
    const both = createSeal([second, first], random)
    assert.equal(both.open(old, 'c'), 'secret')
    const renewed = both.seal('secret', 'c')
    assert.ok(renewed.startsWith(`v1.${second.id}.`))
    assert.equal(createSeal([second], random).open(renewed, 'c'), 'secret')
    assert.throws(() => createSeal([second], random).open(old, 'c'), /which is gone/)
  })

  test('refuses a value that claims another key', () => {
    const both = createSeal([first, second], random)
    const renamed = both.seal('secret', 'c').replace(first.id, second.id)
    assert.throws(() => both.open(renamed, 'c'), /was changed or moved/)
  })
})
