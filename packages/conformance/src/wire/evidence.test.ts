import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecorder } from './evidence.ts'

test('secrets, signatures and passwords are shown by their beginning only', () => {
  const recorder = createRecorder()
  recorder.hide('ath_secret_abcdefgh')
  assert.equal(recorder.mask('a ath_secret_abcdefgh b'), 'a ath_secret… b')
  const jws = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.${'s'.repeat(86)}`
  assert.equal(recorder.mask(jws), 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.…')
  assert.equal(recorder.mask('login=a&password=b&x=1'), 'login=a&password=…&x=1')
  assert.ok(recorder.mask('x'.repeat(9000)).length < 2100)
})

test('what is made once is shown with everything that stands on it', async () => {
  const recorder = createRecorder()
  const exchange = {
    method: 'GET',
    url: 'http://a.example/',
    requestHeaders: {},
    status: 200,
    answerHeaders: {},
    answerBody: '',
  }
  let made = 0
  const shared = recorder.once(async () => {
    recorder.add(exchange)
    return ++made
  })
  assert.deepEqual([await shared(), recorder.take()], [1, [exchange]])
  assert.deepEqual([await shared(), recorder.take()], [1, [exchange]])
})
