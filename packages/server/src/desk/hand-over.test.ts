import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthCall } from '../wire/http.ts'
import { createPages } from '../pages/page.ts'
import { handOverPage } from './hand-over.ts'

const call = { path: '/', query: new URLSearchParams(), headers: {} } as unknown as AthCall
const handOver = (to: string) => handOverPage(createPages({}), call, to)

test('people go on at once, and by a link where that does not work', () => {
  const { status, body } = handOver('https://idp.example.com/authorize?a=1&b="><script>')
  assert.equal(status, 200)
  const to = 'https://idp.example.com/authorize?a=1&#38;b=%22%3E%3Cscript%3E'
  assert.ok(body.includes(`<meta http-equiv="refresh" content="0;url=${to}">`))
  assert.ok(body.includes(`href="${to}"`))
})

test('an app with its own scheme gets its answer', () => {
  assert.match(handOver('com.example.app:/done?code=1').body, /url=com\.example\.app:\/done/)
})

for (const to of [
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'blob:https://a/1',
  'about:blank',
])
  test(`nobody is sent to ${to}`, () => {
    const { status, body } = handOver(to)
    assert.equal(status, 400)
    assert.doesNotMatch(body, /http-equiv="refresh"/)
    assert.ok(!body.includes(to))
  })
