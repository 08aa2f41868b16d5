import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAnswerReader } from './answers.ts'

const answer = (body: string) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('answers are counted wherever the network cuts them', () => {
  const bytes = Buffer.from(answer('first') + answer('') + answer('third\r\n\r\n'))
  for (let size = 1; size <= bytes.length; size++) {
    const reader = createAnswerReader()
    let count = 0
    for (let at = 0; at < bytes.length; at += size)
      count += reader.read(bytes.subarray(at, at + size))
    assert.equal(count, 3, `in pieces of ${size}`)
  }
})

test('an answer that is not the expected one stops the measurement', () => {
  const read = (text: string) => createAnswerReader().read(Buffer.from(text))
  assert.throws(() => read('HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n'), /429/)
  assert.throws(
    () => read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    /Content-Length/,
  )
})
