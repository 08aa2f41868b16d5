import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Limited } from '../../ports/limits.ts'
import { createVirtualClock } from '@sallyport/testing'
import fc from 'fast-check'
import { type FullAgainAt, takeOne } from './gcra.ts'
import { createRateLimits } from './rate-limits.ts'

const rate = { count: 5, perSeconds: 10 }
const limited = (clock = createVirtualClock(), maxKeys?: number) => ({
  clock,
  limits: createRateLimits(new Map<Limited, typeof rate>([['proxy_token', rate]]), clock, maxKeys),
})

describe('rate limits', () => {
  test('let a burst of the whole count pass and say when the next request may come', () => {
    const { limits, clock } = limited()
    for (let count = 0; count < 5; count++) assert.equal(limits.take('proxy_token', 'a'), undefined)
    assert.deepEqual(limits.take('proxy_token', 'a'), { retryAfterSeconds: 2, limit: '5/10s' })
    clock.advance(1.5)
    assert.deepEqual(limits.take('proxy_token', 'a'), { retryAfterSeconds: 1, limit: '5/10s' })
    clock.advance(0.5)
    assert.equal(limits.take('proxy_token', 'a'), undefined)
    assert.notEqual(limits.take('proxy_token', 'a'), undefined)
  })

  test('count each key and each operation by itself, and only what is configured', () => {
    const { limits } = limited()
    for (let count = 0; count < 6; count++) limits.take('proxy_token', 'a')
    assert.notEqual(limits.take('proxy_token', 'a'), undefined)
    assert.equal(limits.take('proxy_token', 'b'), undefined)
    for (let count = 0; count < 100; count++)
      assert.equal(limits.take('register_ip', 'a'), undefined)
  })

  test('a refused request costs nothing: who keeps knocking is let in as soon as who waits', () => {
    const { limits, clock } = limited()
    for (let count = 0; count < 500; count++) limits.take('proxy_token', 'a')
    clock.advance(2)
    assert.equal(limits.take('proxy_token', 'a'), undefined)
  })

  test('a clock that steps back locks nobody out for longer than one period', () => {
    const { limits, clock } = limited()
    for (let count = 0; count < 6; count++) limits.take('proxy_token', 'a')
    clock.advance(-86_400)
    assert.ok((limits.take('proxy_token', 'a')?.retryAfterSeconds ?? 99) <= rate.perSeconds)
    clock.advance(2)
    assert.equal(limits.take('proxy_token', 'a'), undefined)
  })

  test('named periods are shown by name', () => {
    const shown = (perSeconds: number) => {
      const limits = createRateLimits(
        new Map([['login_ip', { count: 1, perSeconds }]]),
        createVirtualClock(),
      )
      limits.take('login_ip', 'a')
      return limits.take('login_ip', 'a')?.limit
    }
    assert.deepEqual([1, 60, 3600, 86_400, 7].map(shown), [
      '1/second',
      '1/minute',
      '1/hour',
      '1/day',
      '1/7s',
    ])
  })

  test('a flood of new keys pushes out idle ones, never one that is limited', () => {
    const { limits } = limited(createVirtualClock(), 10)
    for (let count = 0; count < 5; count++) limits.take('proxy_token', 'abuser')
    for (let count = 0; count < 1000; count++) limits.take('proxy_token', `flood ${count}`)
    assert.notEqual(limits.take('proxy_token', 'abuser'), undefined)
  })

  test('when only limited keys are left, a new key is refused until one of them recovers', () => {
    const { limits, clock } = limited(createVirtualClock(), 3)
    for (const key of ['a', 'b', 'c'])
      for (let count = 0; count < 5; count++) limits.take('proxy_token', key)
    assert.deepEqual(limits.take('proxy_token', 'd'), { retryAfterSeconds: 1, limit: '5/10s' })
    clock.advance(2)
    assert.equal(limits.take('proxy_token', 'd'), undefined)
  })

  test('[U13] a rate of a restriction counts each key by itself, and each rate of one key', () => {
    const { limits, clock } = limited()
    const slow = { count: 2, perSeconds: 3600 }
    for (let count = 0; count < 2; count++) assert.equal(limits.takeRate(slow, 'grant'), undefined)
    assert.deepEqual(limits.takeRate(slow, 'grant'), { retryAfterSeconds: 1800, limit: '2/hour' })
    assert.equal(limits.takeRate(slow, 'another grant'), undefined)
    for (let count = 0; count < 5; count++) assert.equal(limits.takeRate(rate, 'grant'), undefined)
    assert.deepEqual(limits.takeRate(rate, 'grant'), { retryAfterSeconds: 2, limit: '5/10s' })
    assert.equal(limits.take('proxy_token', 'grant'), undefined)
    clock.advance(1800)
    assert.equal(limits.takeRate(slow, 'grant'), undefined)
    assert.notEqual(limits.takeRate(slow, 'grant'), undefined)
  })

  test('[U13] restrictions share bounded room, in which a limited grant stays limited', () => {
    const { limits, clock } = limited(createVirtualClock(), 3)
    const slow = { count: 1, perSeconds: 60 }
    limits.takeRate(slow, 'limited')
    for (let count = 0; count < 100; count++) limits.takeRate(rate, `flood ${count}`)
    assert.notEqual(limits.takeRate(slow, 'limited'), undefined)
    for (const key of ['a', 'b']) limits.takeRate(slow, key)
    assert.deepEqual(limits.takeRate(rate, 'new'), { retryAfterSeconds: 1, limit: '5/10s' })
    clock.advance(60)
    assert.equal(limits.takeRate(rate, 'new'), undefined)
  })

  test('never more passes than the burst and the rate allow, however requests are spaced', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 200 }),
        (count, perSeconds, gaps) => {
          let known: FullAgainAt | undefined
          let now = 1_795_305_600
          const start = now
          let passed = 0
          for (const gap of gaps) {
            now += gap
            const verdict = takeOne({ count, perSeconds }, known, now)
            if (!verdict.allowed) {
              assert.ok(verdict.retryAfterSeconds >= 1)
              assert.ok(verdict.retryAfterSeconds <= Math.ceil(perSeconds / count) + 1)
              continue
            }
            known = verdict.fullAgainAt
            passed++
            assert.ok(passed <= count + ((now - start) * count) / perSeconds + 0.5)
          }
        },
      ),
    )
  })

  test('waiting as long as was said is long enough', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 3600 }),
        (count, perSeconds) => {
          let known: FullAgainAt | undefined
          const now = 1_795_305_600.123
          for (let taken = 0; taken <= count; taken++) {
            const verdict = takeOne({ count, perSeconds }, known, now)
            if (verdict.allowed) {
              known = verdict.fullAgainAt
              continue
            }
            assert.equal(taken, count)
            const later = takeOne({ count, perSeconds }, known, now + verdict.retryAfterSeconds)
            assert.ok(later.allowed)
          }
        },
      ),
    )
  })
})
