import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { systemRandom } from './random.ts'

test('[D4] [U2] what the gateway calls random is as long as it says, base64url, and never the same', () => {
  const drawn = Array.from({ length: 2000 }, () => systemRandom.token(24))
  assert.equal(new Set(drawn).size, drawn.length)
  for (const text of drawn) assert.match(text, /^[A-Za-z0-9_-]{32}$/)
  // Each of 192 bits is set about half the time: a counter or a clock would show.
  const bits = drawn.map((text) => Buffer.from(text, 'base64url'))
  for (let bit = 0; bit < 192; bit += 1) {
    const set = bits.filter((bytes) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1).length
    assert.ok(set > 800 && set < 1200, `bit ${bit} is set ${set} times of 2000`)
  }
})

test('[D4] it takes nothing from Math.random', () => {
  const weak = mock.method(Math, 'random', () => assert.fail('a source that can be guessed'))
  try {
    assert.equal(systemRandom.token(16).length, 22)
  } finally {
    weak.mock.restore()
  }
})
