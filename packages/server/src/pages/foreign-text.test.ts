import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreign, plainLine, splitText } from './foreign-text.ts'

for (const [what, text, shown] of [
  ['direction overrides', 'pay \u202elleh\u202c', 'pay lleh'],
  ['isolates', '\u2066Bank\u2069', 'Bank'],
  ['zero-width characters', 'Goo\u200bgle\ufeff', 'Google'],
  ['a soft hyphen', 'pay\u00adpal', 'paypal'],
  ['tag characters', `A\u{e0041}\u{e0042}B`, 'AB'],
  ['control characters', 'a\u0000b\u001b[31mc', 'ab[31mc'],
  ['line breaks', 'one\r\n\n two', 'one two'],
  ['Hangul fillers', 'a\u3164\u115fb', 'ab'],
  ['a flood of marks', `e${'\u0301'.repeat(60)}`, `e${'\u0301'.repeat(4)}`],
] as const)
  test(`${what} do not reach the page`, () => assert.equal(plainLine(text), shown))

for (const text of ['王晓的差旅助手', 'مساعد السفر', 'Ré\u0301sumé', 'विमान'])
  test(`honest text stays as it is: ${text}`, () => assert.equal(plainLine(text), text))

test('text is cut where people see a character end', () => {
  assert.deepEqual(splitText('ae\u0301b', 2), { head: 'ae\u0301', rest: 'b' })
  assert.deepEqual(splitText('ab', 2), { head: 'ab', rest: '' })
})

test('foreign text is escaped, set apart, and no longer than it should be', () => {
  assert.equal(foreign('<b>x</b>', 4).source, '<bdi lang="">&#60;b&#62;x…</bdi>')
})
