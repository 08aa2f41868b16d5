import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { run } from '../../src/cli/run.ts'
import { type Terminal, wantsColour } from '../../src/cli/terminal.ts'
import { createWorkFolder, sallyport } from './sallyport.ts'

async function runHere(argv: readonly string[], over: Partial<Terminal> = {}) {
  let out = ''
  let err = ''
  const terminal: Terminal = {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    env: {},
    cwd: '/nonexistent',
    hasColour: false,
    userName: 'chen',
    onSignal: () => () => undefined,
    exit: () => assert.fail('nothing here ends the process'),
    ...over,
  }
  const status = await run(argv, terminal, () => assert.fail('nothing here opens a store'))
  return { status, out, err }
}

const program = createProgram(() => async () => undefined)

function everyCommand(command: Command, path: readonly string[]): readonly (readonly string[])[] {
  return command.commands.flatMap((one) => [
    [...path, one.name()],
    ...everyCommand(one, [...path, one.name()]),
  ])
}

test('every command shows three examples before its options, each of a command that exists', async () => {
  const known = everyCommand(program, []).map((path) => path.join(' '))
  assert.ok(known.length > 15)
  for (const path of [[], ...everyCommand(program, [])]) {
    const { status, out } = await runHere([...path, '--help'])
    assert.equal(status, 0)
    const examples = [...out.matchAll(/^ {2}\$ sallyport (.*?)(?: {3}.*)?$/gm)].map(
      (one) => one[1] ?? '',
    )
    assert.equal(examples.length, 3, path.join(' '))
    for (const example of examples)
      assert.ok(
        known.some((name) => `${example} `.startsWith(`${name} `)),
        example,
      )
    if (path.length > 0) assert.ok(out.indexOf('Examples:') < out.indexOf('Options:'), out)
    for (const line of out.split('\n')) assert.ok(line.length <= 120, line)
  }
})

/** What is typed → exit status, and what is said. */
const mistakes: readonly (readonly [argv: readonly string[], status: number, said: RegExp])[] = [
  [['agnets'], 3, /^error {2}unknown command 'agnets'\nfix {4}did you mean agents\?\n$/],
  [['agents', 'aprove', 'x'], 3, /unknown command 'aprove'\nfix {4}did you mean approve\?/],
  [['check', '--jsno'], 3, /unknown option '--jsno'\nfix {4}did you mean --json\?/],
  [['agents', 'approve'], 3, /missing required argument 'agent'/],
  [['agents', 'approve', 'x', '--for', 'ever'], 3, /`ever` is not a duration\nfix .*12h/],
  [['agents', 'list', '--status', 'aproved'], 3, /there is no status `aproved`\nfix .*approved/],
  [['audit', 'query', 'evnt=x'], 3, /no field `evnt`\nfix {4}did you mean "event"\?/],
  [['audit', 'query', 'denied'], 3, /`denied` is not a condition\nfix .*field=value/],
  [['audit', 'query', '--since', 'noon'], 3, /--since: `noon` is not a time/],
  [['audit', 'tail', '-n', 'all'], 3, /--lines: `all` is not a count/],
  [['dev', '--port', '99999'], 3, /--port: `99999` is not a port/],
  [['start'], 3, /there is no configuration file\ntried .*sallyport\.yaml[^]*fix .*sallyport dev/],
  [['check', 'nope.yaml'], 3, /nope\.yaml {2}cannot be read: there is no such file/],
  [
    ['status'],
    7,
    /no gateway runs here, and none ever did\ntried {2}\/nonexistent\/\.sallyport\nfix/,
  ],
  [['status', '-c', 'nope.yaml'], 3, /the configuration file cannot be read/],
]

for (const [argv, status, said] of mistakes)
  test(`sallyport ${argv.join(' ')} ends with ${status} and says what to do`, async () => {
    const ended = await runHere(argv)
    assert.equal(ended.status, status)
    assert.match(ended.out + ended.err, said)
    assert.doesNotMatch(ended.err, /\.ts:|^ +at /m)
  })

test('under --json a mistake is one JSON document on stdout, and nothing else', async () => {
  const { status, out, err } = await runHere(['agnets', '--json'])
  assert.equal(status, 3)
  assert.equal(err, '')
  assert.deepEqual(JSON.parse(out), {
    ok: false,
    error: { problem: "unknown command 'agnets'", fix: 'did you mean agents?', exit_code: 3 },
  })
})

test('colours are used only where they are wanted', async () => {
  assert.equal(wantsColour({}, true), true)
  assert.equal(wantsColour({}, false), false)
  assert.equal(wantsColour({ NO_COLOR: '1' }, true), false)
  assert.equal(wantsColour({ NO_COLOR: '1', FORCE_COLOR: '1' }, true), false)
  assert.equal(wantsColour({ FORCE_COLOR: '1' }, false), true)
  assert.equal(wantsColour({ TERM: 'dumb' }, true), false)
  assert.match((await runHere(['agnets'], { hasColour: true })).err, /\u001b\[31merror/)
  const { err } = await runHere(['agnets', '--no-color'], { hasColour: true })
  assert.doesNotMatch(err, /\u001b/)
})

test('check tells people on stdout who reaches what, and CI the same as JSON', async (t) => {
  const folder = createWorkFolder(t, {
    'sallyport.yaml': `version: 1
gateway: { url: https://gw.corp.example }
login: { issuer: https://idp.corp.example, client_id: s, client_secret: "\${SECRET}" }
agents:
  - { agent: "https://office.example/*", allow: { oa: [oa:read] } }
providers:
  oa:
    url: http://10.0.4.12:8080
    auth: { kind: none }
    scopes: { oa:read: [GET /api/**], oa:write: [POST /api/**] }
`,
  })
  const env = { SECRET: 'hunter2' }
  const people = await sallyport(folder, ['check'], env)
  assert.equal(people.status, 0)
  assert.equal(people.err, '')
  assert.match(people.out, /good for sallyport start/)
  assert.match(people.out, /oa:read {2}GET \/api\/\*\* {2}← rule-1/)
  assert.match(people.out, /oa:write {2}POST \/api\/\*\* {2}← nobody/)
  assert.match(people.out, /rule-1 {2}https:\/\/office\.example\/\* {2}gets oa\/oa:read for 90d/)
  const machines = await sallyport(folder, ['check', '--json'], env)
  const summary = JSON.parse(machines.out)
  assert.equal(summary.ok, true)
  assert.deepEqual(summary.providers[0].scopes[0], {
    name: 'oa:read',
    rules: ['GET /api/**'],
    given_by: ['rule-1'],
  })
  assert.doesNotMatch(people.out + machines.out, /hunter2/)

  const broken = await sallyport(folder, ['check', '--json'])
  assert.equal(broken.status, 3)
  const [problem] = JSON.parse(broken.out).problems
  assert.deepEqual([problem.line, problem.column, problem.key], [3, 74, 'login.client_secret'])
})

test('schema prints the JSON Schema, and nothing else', async (t) => {
  const { status, out, err } = await sallyport(createWorkFolder(t), ['schema'])
  assert.equal(status, 0)
  assert.equal(err, '')
  assert.equal(JSON.parse(out).title, 'Sallyport configuration')
})
