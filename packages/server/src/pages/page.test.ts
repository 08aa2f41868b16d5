import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { html } from './html.ts'
import { createPages, inOtherLanguage, type Page } from './page.ts'

const page: Page = { language: 'en', title: 'T', body: html`<p>b</p>`, status: 200 }
const render = createPages({})
const policy = (changes: Partial<Page> = {}) =>
  String(render({ ...page, ...changes }).headers['content-security-policy'])

test('a page may load, run and frame nothing, and applies only its own style sheet', () => {
  const { body } = render(page)
  const sheet = /<style>(.*?)<\/style>/s.exec(body)?.[1] ?? ''
  const hash = createHash('sha256').update(sheet).digest('base64')
  assert.equal(
    policy(),
    `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  )
})

test('a page is kept by nobody, framed by nobody and read as what it is', () => {
  const { headers } = render(page)
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['x-frame-options'], 'DENY')
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
  assert.equal(headers['referrer-policy'], 'same-origin')
})

test('a form leads nowhere but to ourselves', () => {
  assert.match(policy(), /form-action 'self';/)
})

test('every page of a development log-in says who everybody is', () => {
  const { body } = createPages({ devUser: '<i>Eve</i>' })(page)
  assert.match(body, /<aside class="warn">Development log-in: [^<]*<bdi lang="">&#60;i&#62;Eve/)
  assert.doesNotMatch(render(page).body, /class="warn"/)
})

test('the link to the other language keeps the rest of the address', () => {
  const call = { path: '/ath/authorize/x', query: new URLSearchParams('state=a&lang=en') } as never
  assert.equal(inOtherLanguage(call, 'en'), '/ath/authorize/x?state=a&lang=zh-CN')
})
