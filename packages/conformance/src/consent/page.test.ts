import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPage, usualWords } from './page.ts'

const all = () => true
const question = `<form method="post" action="/go?a=1&amp;b=2"><input type="hidden" name="csrf" value="x">
<input type="checkbox" name="scope" value="read"><select name="life"><option value="1">1</option><option value="2" selected>2</option></select>
<button name="decision" value="deny">No</button><button name="decision" value="approve">Yes</button></form>`

test('a question is answered by its button, with its boxes ticked or not', () => {
  const yes = readPage(question, 'approve', usualWords, all)
  assert.ok(yes?.kind === 'submit' && yes.decides)
  assert.equal(yes.action, '/go?a=1&b=2')
  assert.equal(String(yes.fields), 'csrf=x&scope=read&life=2&decision=approve')
  const no = readPage(question, 'deny', usualWords, () => false)
  assert.ok(no?.kind === 'submit')
  assert.equal(String(no.fields), 'csrf=x&life=2&decision=deny')
})

test('a log-in form is filled in with what was given, and is no answer', () => {
  const login = `<form method="post" action=""><input name="login"><input type="password" name="password">
<button>Sign in</button></form>`
  const step = readPage(login, 'approve', { ...usualWords, fields: { login: 'wang' } }, all)
  assert.ok(step?.kind === 'submit' && !step.decides)
  assert.equal(String(step.fields), 'login=wang&password=alice')
})

test('a refusal may be a link, a page may send on by itself, and a page without either is the end', () => {
  const link = readPage('<a href="/abort">[ Cancel ]</a>', 'deny', usualWords, all)
  assert.deepEqual(link, { kind: 'follow', href: '/abort', decides: true })
  const on = readPage(
    '<meta http-equiv="refresh" content="0; url=/next">',
    'approve',
    usualWords,
    all,
  )
  assert.deepEqual(on, { kind: 'follow', href: '/next', decides: false })
  assert.equal(readPage('<p>You are done</p>', 'approve', usualWords, all), undefined)
})
