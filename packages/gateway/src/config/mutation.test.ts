import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail } from '@ath-protocol/types'
import fc from 'fast-check'
import { crossCheck } from './cross-check.ts'
import { asRefusals, devOnlySettings } from './dev-only.ts'
import { writeProblem } from './problem.ts'
import { readConfigText } from './read.ts'
import { resolveConfig } from './resolve.ts'

const whole = `version: 1
gateway: { url: https://gw.corp.example, listen: { port: 7080, trusted_proxies: [10.0.0.0/8] } }
login: { issuer: https://idp.example, client_id: s, client_secret: "hunter2" }
agents:
  - { name: office, agent: "https://a.example/*", allow: { oa: [oa:read] }, lifetime: 30d }
  - { domain: "*.corp.example", decide: hold, because: wait }
providers:
  oa:
    url: http://10.0.4.12:8080
    auth: { kind: basic, username: u, password: hunter2 }
    timeouts: { connect: 3s, idle: 0s }
    scopes:
      oa:read: [GET /api/**, "* /x/*"]
      oa:write: { match: [POST /api/**], description: write }
    restrictions: { access_time: 9:00-18:00, access_timezone: Asia/Shanghai, order_amount_limit: 5 }
    amounts: [{ match: POST /api/orders, field: /total }]
restrictions: { ip_whitelist: [10.0.0.0/8, "2001:db8::/32"], rate_limit: 5/day }
nine_step: { server_did: did:ath:gw, agents: [{ did: did:ath:office, name: Office, key_file: ./o.pem }] }
limits: { register_ip: 30/minute }
audit: { durability: always, segment: 64MiB }
`

const sources = { env: {}, readFile: () => fail('there is no such file') }

const pieces = fc.oneof(
  fc.constantFrom(...Array.from('{}[]:,*&!|>%@`"\'#?-~\t\n\r\0 ')),
  fc.constantFrom('---', '<<: *a', '&a', '!!str', '${', '${X}', '${file:/x}', '__proto__: 1'),
  fc.constantFrom('null', '0x1f', 'constructor', '\u202e', '\ud800', '. inf', '- - - -', '? '),
)

/** One edit: a piece put in, a stretch taken out, a line doubled, moved or indented differently. */
const edit = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), at: fc.nat(), piece: pieces }),
  fc.record({
    kind: fc.constant('cut' as const),
    at: fc.nat(),
    length: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('double' as const), line: fc.nat() }),
  fc.record({
    kind: fc.constant('indent' as const),
    line: fc.nat(),
    by: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ kind: fc.constant('swap' as const), line: fc.nat(), other: fc.nat() }),
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function apply(text: string, change: Edit): string {
  if (change.kind === 'put' || change.kind === 'cut') {
    const at = change.at % (text.length + 1)
    return change.kind === 'put'
      ? text.slice(0, at) + change.piece + text.slice(at)
      : text.slice(0, at) + text.slice(at + change.length)
  }
  const lines = text.split('\n')
  const line = change.line % lines.length
  const old = lines[line] ?? ''
  if (change.kind === 'double') lines.splice(line, 0, old)
  if (change.kind === 'indent') lines[line] = ' '.repeat(change.by) + old
  if (change.kind === 'swap') {
    const other = change.other % lines.length
    lines[line] = lines[other] ?? ''
    lines[other] = old
  }
  return lines.join('\n')
}

/** Reads as the loader does, short of the disk. */
function examine(text: string): readonly string[] {
  const read = readConfigText(text, 'f.yaml', sources)
  if (!read.ok) return read.error.map(writeProblem)
  const { file, locate } = read.value
  const found = [...crossCheck(file), ...asRefusals(devOnlySettings(file))].map(locate)
  if (found.length === 0) resolveConfig(file, { mode: 'start', folder: '/' })
  return found.map(writeProblem)
}

test('the text that is mutated below is good', () => {
  assert.deepEqual(examine(whole), [])
})

test('1000 mutated files are taken or refused with a place, and never crash the reader or show a secret', () => {
  let refused = 0
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(apply, whole)
      const problems = examine(text)
      if (problems.length > 0) refused++
      for (const problem of problems) {
        assert.match(problem, /^f\.yaml:[1-9]\d*:[1-9]\d* {2}\S/, text)
        assert.doesNotMatch(problem, /\n|undefined|\[object|Error:| at .*\.ts/, text)
        assert.doesNotMatch(problem, /hunter2/, text)
      }
    }),
    { numRuns: 1000 },
  )
  assert.ok(refused > 500, `only ${refused} of 1000 were refused`)
})

test('texts made to exhaust the reader are refused quickly', () => {
  const texts = [
    '['.repeat(100_000),
    '{a: '.repeat(50_000),
    '- '.repeat(50_000),
    'a:\n'.repeat(1) +
      Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth + 1)}a:\n`).join(''),
    `a: &a [1,1,1,1,1,1,1,1,1]\n${'bcdefghij'
      .split('')
      .map((name, at) => `${name}: &${name} [${`*${'abcdefghi'[at]},`.repeat(9)}]\n`)
      .join('')}`,
    'version: 1\n'.repeat(20_000),
    'x'.repeat(2_000_000),
    `version: 1\n${'y'.repeat(300_000)}: 1\n`,
    `version: 1\ngateway: { url: "${'a'.repeat(500_000)}" }\n`,
  ]
  for (const text of texts) {
    const startedAt = performance.now()
    const problems = examine(text)
    assert.notEqual(problems.length, 0)
    for (const problem of problems.slice(0, 100))
      assert.ok(problem.length < 1000, problem.slice(0, 200))
    assert.ok(performance.now() - startedAt < 10_000, text.slice(0, 20))
  }
})
