import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { compileRestrictions } from './check.ts'
import type { Restrictions } from './restrictions.ts'

const at = (instant: string): number => Date.parse(instant) / 1000
const ip = '10.1.2.3'
const noon = at('2026-11-23T12:00:00Z')

function faultOf(list: readonly Restrictions[], call: { ip?: string; now?: number } = {}) {
  const checked = compileRestrictions(list).check({ ip, now: noon, ...call })
  return checked.ok ? undefined : checked.error.kind
}

test('[U13] without restrictions every call is free', () => {
  assert.equal(faultOf([]), undefined)
  assert.equal(faultOf([{}], { ip: 'unknown' }), undefined)
})

const scenario: Restrictions = {
  ip_whitelist: ['10.0.0.0/8'],
  access_time: '9:00-18:00',
  access_timezone: 'Asia/Shanghai',
}
const scenarioCalls: readonly (readonly [string, string, string | undefined])[] = [
  ['2026-11-23T01:00:00Z', '10.1.2.3', undefined],
  ['2026-11-23T09:59:59.999Z', '10.255.255.255', undefined],
  ['2026-11-23T09:59:00Z', '::ffff:10.1.2.3', undefined],
  ['2026-11-23T00:59:59Z', '10.1.2.3', 'outside_hours'],
  ['2026-11-23T10:00:00Z', '10.1.2.3', 'outside_hours'],
  ['2026-11-23T01:00:00Z', '11.1.2.3', 'outside_network'],
  ['2026-11-23T01:00:00Z', '192.168.0.1', 'outside_network'],
  ['2026-11-23T01:00:00Z', '2001:db8::1', 'outside_network'],
  ['2026-11-23T01:00:00Z', 'unknown', 'outside_network'],
  ['2026-11-23T01:00:00Z', '', 'outside_network'],
]
for (const [instant, from, fault] of scenarioCalls)
  test(`[U13] [R124] the scenario's limits, in Shanghai: a call from ${from || 'nowhere'} at ${instant} is ${fault ?? 'let through'}`, () => {
    assert.equal(faultOf([scenario], { ip: from, now: at(instant) }), fault)
  })

// The clocks of New York go back on 2026-11-01 at 06:00Z and forward on 2026-03-08 at 07:00Z.
const newYork: readonly (readonly [string, boolean])[] = [
  ['2026-10-30T13:00:00Z', true],
  ['2026-10-30T12:59:59Z', false],
  ['2026-11-02T13:59:59Z', false],
  ['2026-11-02T14:00:00Z', true],
  ['2026-03-06T14:00:00Z', true],
  ['2026-03-06T13:59:59Z', false],
  ['2026-03-09T13:00:00Z', true],
  ['2026-03-09T12:59:59Z', false],
]
for (const [instant, open] of newYork)
  test(`[U13] nine to six in New York at ${instant} is ${open ? 'open' : 'closed'}`, () => {
    const hours = { access_time: '9:00-18:00', access_timezone: 'America/New_York' }
    assert.equal(faultOf([hours], { now: at(instant) }), open ? undefined : 'outside_hours')
  })

test('[U13] the hour that comes twice is open twice, the one that never comes shuts nobody out', () => {
  const hours = { access_time: '1:00-2:00', access_timezone: 'America/New_York' }
  for (const instant of ['2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'])
    assert.equal(faultOf([hours], { now: at(instant) }), undefined)
  const skipped = { access_time: '2:00-3:00', access_timezone: 'America/New_York' }
  assert.equal(faultOf([skipped], { now: at('2026-03-08T07:30:00Z') }), 'outside_hours')
})

const night: readonly (readonly [string, boolean])[] = [
  ['2026-11-23T21:59:59Z', false],
  ['2026-11-23T22:00:00Z', true],
  ['2026-11-24T00:00:00Z', true],
  ['2026-11-24T05:59:59Z', true],
  ['2026-11-24T06:00:00Z', false],
]
for (const [instant, open] of night)
  test(`[U13] ten to six at night, in UTC where no zone is named: ${instant} is ${open ? 'open' : 'closed'}`, () => {
    assert.equal(
      faultOf([{ access_time: '22:00-6:00' }], { now: at(instant) }),
      open ? undefined : 'outside_hours',
    )
  })

test('[U13] the same compiled hours are right however time jumps', () => {
  const { check } = compileRestrictions([{ access_time: '9:00-18:00' }])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4e9 }), { maxLength: 50 }), (instants) => {
      for (const now of instants) {
        const hour = new Date(now * 1000).getUTCHours()
        assert.equal(check({ ip, now }).ok, hour >= 9 && hour < 18)
      }
    }),
  )
})

test('[U13] of several lists all must hold', () => {
  const lists: Restrictions[] = [
    { ip_whitelist: ['10.0.0.0/8'] },
    { ip_whitelist: ['10.1.0.0/16'] },
  ]
  assert.equal(faultOf(lists, { ip: '10.1.0.1' }), undefined)
  assert.equal(faultOf(lists, { ip: '10.2.0.1' }), 'outside_network')
  assert.equal(
    faultOf([{ access_time: '9:00-13:00' }, { access_time: '12:30-18:00' }]),
    'outside_hours',
  )
})

test('[U13] what was answered for one address stands for it alone, also after very many', () => {
  const { check } = compileRestrictions([{ ip_whitelist: ['10.0.0.0/8'] }])
  for (let host = 0; host < 3000; host += 1) {
    const tail = `${host >> 8}.${host & 255}`
    assert.equal(check({ ip: `10.0.${tail}`, now: noon }).ok, true)
    assert.equal(check({ ip: `11.0.${tail}`, now: noon }).ok, false)
  }
})

test('[U13] a refusal names the rule, and nothing of the caller', () => {
  const checked = compileRestrictions([scenario]).check({ ip: '203.0.113.9', now: noon })
  assert.deepEqual(checked, {
    ok: false,
    error: { kind: 'outside_network', rule: 'ip_whitelist 10.0.0.0/8' },
  })
})

const amounts: readonly (readonly [number, string | undefined])[] = [
  [0, undefined],
  [499.99, undefined],
  [500, undefined],
  [500.01, 'amount_over_limit'],
  [1e300, 'amount_over_limit'],
  [Number.NaN, 'amount_unreadable'],
  [Number.POSITIVE_INFINITY, 'amount_unreadable'],
  [Number.NEGATIVE_INFINITY, 'amount_unreadable'],
  [-1, 'amount_unreadable'],
]
for (const [amount, fault] of amounts)
  test(`[U13] an order of ${amount} under a limit of 500 is ${fault ?? 'let through'}`, () => {
    const checked = compileRestrictions([
      { order_amount_limit: 500 },
      { order_amount_limit: 900 },
    ]).checkAmount(amount)
    assert.equal(checked.ok ? undefined : checked.error.kind, fault)
  })

test('[U13] without a limit any amount passes, and nothing need be read', () => {
  const free = compileRestrictions([{ rate_limit: '1/day' }])
  assert.equal(free.limitsAmount, false)
  assert.ok(free.checkAmount(Number.NaN).ok)
  assert.equal(compileRestrictions([{ order_amount_limit: 0 }]).limitsAmount, true)
})

test('[U13] every rate of every list counts', () => {
  assert.deepEqual(
    compileRestrictions([{ rate_limit: '10/second' }, {}, { rate_limit: '100/hour' }]).rates,
    [
      { count: 10, perSeconds: 1 },
      { count: 100, perSeconds: 3600 },
    ],
  )
})

test('[U13] what no schema let in is a bug, not a permission', () => {
  for (const list of [
    [{ ip_whitelist: ['10.0.0.1'] }],
    [{ access_time: 'always' }],
    [{ rate_limit: '1/week' }],
    [{ access_time: '9:00-18:00', access_timezone: 'Mars/Olympus' }],
  ])
    assert.throws(() => compileRestrictions(list))
})
