import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { includesMinute, parseHours } from './hours.ts'

const at = (text: string): number => {
  const [hour, minute] = text.split(':').map(Number)
  return (hour ?? 0) * 60 + (minute ?? 0)
}

const cases: readonly (readonly [string, string, boolean])[] = [
  ['9:00-18:00', '9:00', true],
  ['9:00-18:00', '17:59', true],
  ['9:00-18:00', '18:00', false],
  ['9:00-18:00', '8:59', false],
  ['09:00-18:00', '12:00', true],
  ['22:00-6:00', '22:00', true],
  ['22:00-6:00', '23:59', true],
  ['22:00-6:00', '0:00', true],
  ['22:00-6:00', '5:59', true],
  ['22:00-6:00', '6:00', false],
  ['22:00-6:00', '12:00', false],
  ['0:00-24:00', '0:00', true],
  ['0:00-24:00', '23:59', true],
  ['18:00-24:00', '23:59', true],
  ['18:00-24:00', '0:00', false],
  ['18:00-0:00', '23:59', true],
  ['18:00-0:00', '0:00', false],
  ['12:30-12:31', '12:30', true],
  ['12:30-12:31', '12:31', false],
]
for (const [text, minute, expected] of cases)
  test(`[U13] ${minute} ${expected ? 'is' : 'is not'} within ${text}`, () => {
    const hours = parseHours(text)
    assert.ok(hours)
    assert.equal(includesMinute(hours, at(minute)), expected)
  })

for (const text of [
  '',
  '9-18',
  '9:00',
  '9:00-',
  '9:00-18:00 ',
  '9:00 - 18:00',
  '9:00–18:00',
  '9:00-18:60',
  '9:0-18:00',
  '24:00-6:00',
  '25:00-26:00',
  '9:00-24:01',
  '9:00-9:00',
  '0:00-0:00',
  '-1:00-6:00',
  '9:00-18:00,20:00-21:00',
  '009:00-18:00',
])
  test(`[U13] ${JSON.stringify(text)} is no span of the day`, () => {
    assert.equal(parseHours(text), undefined)
  })

test('[U13] a span and the rest of the day share no minute and leave none out', () => {
  const minute = fc.integer({ min: 0, max: 1439 })
  fc.assert(
    fc.property(minute, minute, minute, (from, to, now) => {
      fc.pre(from !== to)
      assert.notEqual(
        includesMinute({ from, to }, now),
        includesMinute({ from: to, to: from }, now),
      )
    }),
    { numRuns: 500 },
  )
})
