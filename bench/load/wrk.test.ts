import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseWrk } from './wrk.ts'

const said = (end: string) => `Running 1s test @ http://127.0.0.1:4000/rows/1
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.54ms    1.40ms  34.05ms   99.00%
    Req/Sec    42.24k     3.11k   45.92k    72.73%
  46272 requests in 1.10s, 53.66MB read
${end}Requests/sec:  42053.71
`

test('requests and time are read from what wrk says', () => {
  assert.deepEqual(parseWrk(said('')), { requests: 46_272, seconds: 1.1 })
  assert.equal(parseWrk(said('').replace('1.10s', '1.50m')).seconds, 90)
})

test('a run with answers that were refused or cut off is no measurement', () => {
  assert.throws(() => parseWrk(said('  Non-2xx or 3xx responses: 46272\n')), /46272/)
  assert.throws(
    () => parseWrk(said('  Socket errors: connect 0, read 12, write 0, timeout 0\n')),
    /read 12/,
  )
  assert.throws(() => parseWrk('unable to connect'), /unable to connect/)
})
