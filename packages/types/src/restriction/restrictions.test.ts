import assert from 'node:assert/strict'
import test from 'node:test'
import { distinctRestrictions, parseRate, restrictionsSchema } from './restrictions.ts'

test('[U13] the restrictions of the scenario are read as they are written', () => {
  const scenario = { ip_whitelist: ['10.0.0.0/8'], access_time: '9:00-18:00' }
  assert.deepEqual(restrictionsSchema.parse(scenario), scenario)
  const all = {
    ...scenario,
    access_timezone: 'Asia/Shanghai',
    rate_limit: '100/minute',
    order_amount_limit: 500,
  }
  assert.deepEqual(restrictionsSchema.parse(all), all)
})

const refused: readonly (readonly [string, object])[] = [
  ['a restriction that nobody enforces', { max_orders: 3 }],
  ['a known one with a slip of the pen', { ip_whitelists: ['10.0.0.0/8'] }],
  ['no networks', { ip_whitelist: [] }],
  ['an address that is no network', { ip_whitelist: ['10.0.0.1'] }],
  ['a network with bits behind its prefix', { ip_whitelist: ['10.0.0.1/8'] }],
  ['a network that is no list', { ip_whitelist: '10.0.0.0/8' }],
  ['101 networks', { ip_whitelist: Array.from({ length: 101 }, () => '10.0.0.0/8') }],
  ['hours that are never', { access_time: '9:00-9:00' }],
  ['hours in words', { access_time: 'office hours' }],
  ['a zone that is none', { access_time: '9:00-18:00', access_timezone: 'Mars/Olympus' }],
  ['a rate of nothing', { rate_limit: '0/second' }],
  ['a rate in another unit', { rate_limit: '100/week' }],
  ['a rate in numbers', { rate_limit: 100 }],
  ['an amount below nought', { order_amount_limit: -1 }],
  ['an amount in words', { order_amount_limit: '500' }],
  ['an amount without end', { order_amount_limit: Number.POSITIVE_INFINITY }],
]
for (const [name, restrictions] of refused)
  test(`[U13] ${name} does not load`, () => {
    assert.equal(restrictionsSchema.safeParse(restrictions).success, false)
  })

for (const [text, rate] of [
  ['100/second', { count: 100, perSeconds: 1 }],
  ['100/minute', { count: 100, perSeconds: 60 }],
  ['1/hour', { count: 1, perSeconds: 3600 }],
  ['999999999/day', { count: 999_999_999, perSeconds: 86_400 }],
  ['1/Day', undefined],
  ['1.5/day', undefined],
  ['01/day', undefined],
  ['1 / day', undefined],
  ['9999999999/day', undefined],
  ['', undefined],
] as const)
  test(`[U13] the rate ${JSON.stringify(text)} ${rate ? 'is read' : 'is none'}`, () => {
    assert.deepEqual(parseRate(text), rate)
  })

test('[U13] the same restriction from two places stands once, in whatever order it was written', () => {
  assert.deepEqual(
    distinctRestrictions([
      { access_time: '9:00-18:00', rate_limit: '1/day' },
      undefined,
      {},
      { rate_limit: '1/day', access_time: '9:00-18:00' },
      { rate_limit: '2/day' },
    ]).length,
    2,
  )
})
