import assert from 'node:assert/strict'
import { test } from 'node:test'
import { en } from './en.ts'
import { catalogues, languages, say, sayText } from './say.ts'

const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort()

for (const language of languages) {
  const catalogue: Readonly<Record<string, string>> = catalogues[language]

  test(`${language} has every sentence and no other`, () => {
    assert.deepEqual(Object.keys(catalogue), Object.keys(en))
  })

  test(`${language} fills in the same values as English`, () => {
    for (const [key, text] of Object.entries(en))
      assert.deepEqual(places(catalogue[key] ?? ''), places(text), key)
  })

  test(`${language} says something everywhere and holds no markup`, () => {
    for (const [key, text] of Object.entries(catalogue)) assert.match(text, /^[^<>&]+$/, key)
  })
}

test('Chinese sentences are in Chinese, with Chinese punctuation', () => {
  for (const [key, text] of Object.entries(catalogues['zh-CN'])) {
    if (key === 'page.language') continue
    assert.match(text, /\p{Script=Han}/u, key)
    assert.doesNotMatch(text, /\p{Script=Han}[,:?!;]/u, key)
  }
})

test('values are escaped in markup and plain in text', () => {
  const values = { agent: '<b>A</b>', provider: 'P' }
  assert.equal(
    say('en', 'consent.title', values).source,
    'Let &#60;b&#62;A&#60;/b&#62; use P for you?',
  )
  assert.equal(sayText('zh-CN', 'consent.title', values), '允许 <b>A</b> 代您使用 P 吗？')
})
