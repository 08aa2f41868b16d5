import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Html, html } from './html.ts'

test('text in a template is escaped in content and in attributes', () => {
  const text = `<img src=x onerror='a()'>"&\``
  assert.equal(
    html`<p title="${text}">${text}</p>`.source,
    `<p title="${'&#60;img src=x onerror=&#39;a()&#39;&#62;&#34;&#38;&#96;'}">&#60;img src=x onerror=&#39;a()&#39;&#62;&#34;&#38;&#96;</p>`,
  )
})

test('markup made here goes in as it is, once', () => {
  assert.equal(
    html`<ul>${[html`<li>${'a&b'}</li>`, html`<li>2</li>`]}</ul>`.source,
    '<ul><li>a&#38;b</li><li>2</li></ul>',
  )
})

test('absent values leave nothing', () => {
  assert.equal(html`<p>${undefined}${false}</p>`.source, '<p></p>')
})

test('an object that only looks like markup is not taken as such', () => {
  const forged = JSON.parse('{"source":"<script>a()</script>"}') as Html
  assert.doesNotMatch(html`${forged}`.source, /<script/)
})
