import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Restrictions } from '@ath-protocol/types'
import { sayLimits } from './limits.ts'

const cases: readonly (readonly [Restrictions, en: string, zh: string])[] = [
  [
    { access_time: '9:00-18:00', access_timezone: 'Asia/Shanghai' },
    'Only from 9:00 to 18:00 (Asia/Shanghai)',
    '仅限 9:00 至 18:00（Asia/Shanghai）',
  ],
  [{ access_time: '22:00-6:00' }, 'Only from 22:00 to 6:00 (UTC)', '仅限 22:00 至 6:00（UTC）'],
  [
    { ip_whitelist: ['10.0.0.0/8', '2001:db8::/32'] },
    'Only from the network 10.0.0.0/8 or 2001:db8::/32',
    '仅限来自网络 10.0.0.0/8或2001:db8::/32',
  ],
  [{ rate_limit: '100/minute' }, 'At most 100 calls per minute', '每分钟最多调用 100 次'],
  [{ rate_limit: '5000/day' }, 'At most 5,000 calls per day', '每天最多调用 5,000 次'],
  [{ order_amount_limit: 1234.5 }, 'No order above 1,234.5', '单笔订单不超过 1,234.5'],
]
for (const [restrictions, en, zh] of cases)
  test(`[U13] a person reads the limit ${JSON.stringify(restrictions)} as a sentence`, () => {
    const text = (language: 'en' | 'zh-CN') =>
      sayLimits(language, [restrictions]).map(({ source }) => source)
    assert.deepEqual(text('en'), [en])
    assert.deepEqual(text('zh-CN'), [zh])
  })

test('a limit that two services share is said once', () => {
  const limit = { rate_limit: '100/minute' }
  assert.equal(sayLimits('en', [limit, { ...limit, access_time: '9:00-18:00' }]).length, 2)
})
