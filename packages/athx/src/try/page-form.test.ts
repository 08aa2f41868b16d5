import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goesOnTo, readForms, titleOf } from './page-form.ts'

test('a form is read as a browser would send it untouched: hidden, chosen and ticked fields, and its buttons', () => {
  const [form, other] =
    readForms(`<h1>May <b>it</b>?</h1><form method="post" action="/ath/x?a=1&amp;b=2">
<input type="hidden" name="csrf" value="a&quot;b&#39;c">
<label><input type="checkbox" name="scope one" checked><span>one</span></label>
<input type="checkbox" name="scope two"><input type="checkbox" name="gone" checked disabled>
<input type="radio" name="person" value="ann"><input type="radio" name="person" value="bob" checked>
<select id="l" name="lifetime"><option value="60">1 m</option><option value="3600" selected>1 h</option></select>
<button name="decision" value="deny">no</button><button name="decision" value="approve">yes</button>
</form><form method="get" action=""><input name="q"></form>`)
  assert.deepEqual(form, {
    action: '/ath/x?a=1&b=2',
    method: 'POST',
    fields: [
      ['csrf', `a"b'c`],
      ['scope one', 'on'],
      ['lifetime', '3600'],
      ['person', 'bob'],
    ],
    buttons: [
      { name: 'decision', value: 'deny' },
      { name: 'decision', value: 'approve' },
    ],
  })
  assert.deepEqual(other, { action: '', method: 'GET', fields: [['q', '']], buttons: [] })
})

test('a page that goes on by itself says where', () => {
  const page = `<meta charset="utf-8"><meta http-equiv="refresh" content="0; url=http://a.example/?x=1&amp;y=2">`
  assert.equal(goesOnTo(page), 'http://a.example/?x=1&y=2')
  assert.equal(goesOnTo('<meta name="description" content="0; url=/x">'), undefined)
})

test('a page says what its heading says, without markup', () => {
  assert.equal(
    titleOf('<title>t</title><h1 class="x">May\n<b>Ann</b> &amp; co?</h1>'),
    'May Ann & co?',
  )
  assert.equal(titleOf('<title>only</title>'), 'only')
  assert.equal(titleOf('text'), '')
})
