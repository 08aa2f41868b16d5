import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { allChecks } from '../src/checks/all.ts'
import type { Handshake } from '../src/rows/row.ts'
import { rows } from '../src/rows/rows.ts'
import { run } from '../src/run/run.ts'
import { selectRows } from '../src/run/select.ts'
import type { Mode, Settings } from '../src/subject/settings.ts'
import { type Bench, openBench } from './bench.ts'
import { json, refusal } from './saboteur.ts'

let bench: Bench

before(async () => {
  bench = await openBench()
})
afterEach(() => {
  bench.saboteur.fault = undefined
})
after(() => bench.close())

/** Rows that look at a call which was let in. */
const admitted = ['R88', 'R89', 'R91', 'R95', 'R96', 'R98']

/** What is said of rows that did not pass, by their ids. */
async function notPassed(
  mode: Mode,
  changes: Partial<Settings>,
  handshake: Handshake = 'two-phase',
  only = admitted,
): Promise<Readonly<Record<string, string>>> {
  const subject = bench.subject(mode, handshake, changes)
  const chosen = selectRows(rows, { mode, handshake, only })
  const said: Record<string, string> = {}
  const options = { rows: chosen, checks: allChecks, expectedFailures: new Set<string>() }
  for await (const { row, outcome, because } of run({ subject, ...options }))
    if (outcome !== 'passed') said[row.id] = `${outcome}: ${because}`
  return said
}

const usual: Partial<Settings> = { call: { method: 'GET', path: '/' }, isCallGiven: false }
const needsCall = 'skipped: needs a call that the scopes open: give --call "GET /path"'
const each = (ids: readonly string[], said: string) =>
  Object.fromEntries(ids.map((id) => [id, said]))

for (const mode of ['gateway', 'native'] as const)
  test(`without --call, where no scope names the usual one, rows that need one are skipped in ${mode} mode`, async () => {
    assert.deepEqual(await notPassed(mode, usual), each(admitted, needsCall))
  })

test('without --call, where nothing is at the usual one, rows that need one are skipped', async () => {
  bench.saboteur.fault = {
    name: 'nothing is at the root',
    breaks: [],
    answer: (reply, { path }) =>
      path === '/' && reply.status === 403 && reply.body.includes('SCOPE_NOT_APPROVED')
        ? json(404, {})
        : undefined,
  }
  assert.deepEqual(await notPassed('native', usual), each(admitted, needsCall))
})

test('a server that opens its calls to whoever asks fails without --call too', async () => {
  bench.saboteur.fault = {
    name: 'the agent need not say who it is',
    breaks: [],
    answer: (_, { path, headers }) =>
      path === '/' && !('x-ath-agent-id' in headers) ? json(200, {}) : undefined,
  }
  const { R91 } = await notPassed('native', usual, 'two-phase', ['R91'])
  assert.match(R91 ?? '', /^failed: A call without X-ATH-Agent-ID/)
})

test('a --call that is refused fails, and the row says what was asked', async () => {
  const call = { method: 'GET', path: '/no-such-scope?page=2' }
  const gateway = await notPassed('gateway', { call })
  assert.deepEqual(Object.keys(gateway), admitted)
  for (const said of Object.values(gateway))
    assert.match(
      said,
      /^failed: .*, GET \/ath\/proxy\/com\.example\.shop\/no-such-scope\?page=2: answered 403 SCOPE_NOT_APPROVED/,
    )
  const { R91 } = await notPassed('native', { call }, 'two-phase', ['R91'])
  assert.match(R91 ?? '', /^failed: .*, GET \/no-such-scope\?page=2: answered 403/)
})

test('of the nine steps, rows that need a call are skipped without --call too', async () => {
  bench.saboteur.appId = 'plain'
  bench.saboteur.fault = {
    name: 'no scope names the root',
    breaks: [],
    answer: (reply, { path }) =>
      path === '/ath/proxy/plain/' && reply.status !== 401
        ? refusal(403, 'SCOPE_NOT_APPROVED')
        : undefined,
  }
  const handshakeRows = rows.filter(
    ({ seen }) =>
      'check' in seen &&
      ['handshake-transport', 'token-refresh', 'encrypted-calls'].includes(seen.check),
  )
  const ids = handshakeRows.map(({ id }) => id)
  assert.deepEqual(await notPassed('gateway', usual, 'nine-step', ids), each(ids, needsCall))
})

test('a call of an app may begin with the path of its api_base', async () => {
  const asked = new Set<string>()
  bench.saboteur.appId = 'com.example.shop'
  bench.saboteur.fault = {
    name: 'its api_base has a path',
    breaks: [],
    request: ({ path }) => void (path.includes('/customers') && asked.add(path)),
    answer: (reply, { path }) =>
      path === '/.well-known/ath-app.json'
        ? json(200, { ...JSON.parse(reply.body), api_base: `${bench.saboteur.url}/api` })
        : undefined,
  }
  for (const path of ['/customers', '/api/customers']) {
    asked.clear()
    assert.deepEqual(await notPassed('native', { call: { method: 'GET', path } }), {}, path)
    const elsewhere = 'conformance-no-such-provider'
    const proxied = ['com.example.shop', elsewhere].map((id) => `/ath/proxy/${id}/api/customers`)
    assert.deepEqual([...asked].sort(), ['/api/customers', ...proxied].sort(), path)
  }
})
