import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedLanguage, chooseLanguage } from './language.ts'

const choose = (query: string, accept?: string) =>
  chooseLanguage({ query: new URLSearchParams(query), headers: { 'accept-language': accept } })

for (const [accept, language] of [
  [undefined, 'en'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
  ['zh', 'zh-CN'],
  ['zh-Hant-TW', 'zh-CN'],
  ['de,en;q=0.5,zh;q=0.4', 'en'],
  ['en;q=0.4, zh-CN;q=0.5', 'zh-CN'],
  ['zh;q=0, en;q=0.1', 'en'],
  ['fr', 'en'],
  ['*;;;q=x,,,', 'en'],
] as const)
  test(`a browser that accepts ${accept} reads ${language}`, () => {
    assert.equal(choose('', accept), language)
  })

test('the chosen language wins over the browser', () => {
  assert.equal(choose('lang=en', 'zh-CN'), 'en')
  assert.equal(choose('lang=zh-CN', 'en'), 'zh-CN')
})

test('an unknown language is no choice', () => {
  assert.equal(askedLanguage({ query: new URLSearchParams('lang=<script>') }), undefined)
})
