import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createRecorder } from './evidence.ts'
import { createHttp } from './http.ts'

test('429 is waited for as long as Retry-After says, and given up on when it does not end', async (t) => {
  const answers = [429, 200, 429, 429, 429, 429]
  const server = createServer((_request, response) => {
    response.writeHead(answers.shift() ?? 500, { 'retry-after': '0.1' })
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const waits: number[] = []
  const send = createHttp({
    recorder: createRecorder(),
    timeoutSeconds: 5,
    onWait: (seconds) => void waits.push(seconds),
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  assert.equal((await send(url)).status, 200)
  assert.deepEqual(waits, [0.1])
  await assert.rejects(send(url), /429 again and again/)
})
