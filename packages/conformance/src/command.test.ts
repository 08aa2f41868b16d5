import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { runCommand } from './command.ts'

async function run(...argv: readonly string[]) {
  let out = ''
  let said = ''
  const code = await runCommand(argv, {
    stdin: Readable.from([]),
    env: {},
    say: (line) => void (said += `${line}\n`),
    write: (text) => void (out += text),
  })
  return { code, out, said, last: out.trimEnd().split('\n').at(-1) }
}

/** A server with nothing but a discovery document. */
async function serveDiscovery(t: TestContext, document: object): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/.well-known/ath.json' ? 200 : 404, {
      'content-type': 'application/json',
    })
    response.end(JSON.stringify(document))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function writeList(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'expected.txt'), text)
  return join(folder, 'expected.txt')
}

test('--help says what the exit codes mean, --list shows all rows', async () => {
  const help = await run('--help')
  assert.equal(help.code, 0)
  assert.match(help.out, /Exit codes: 0 .*1 .*2 .*3 /s)
  const list = await run('--list')
  assert.equal(list.code, 0)
  assert.equal(list.out.match(/^[RCDU]\d+ /gm)?.length, 187)
})

test('what cannot be used is exit code 2 and says what to write instead', async (t) => {
  for (const [argv, message] of [
    [[], /--url is missing/],
    [['--url', 'gateway'], /no http or https URL/],
    [['--url', 'http://127.0.0.1:1', '--only', 'R999'], /no row R999/],
    [['--url', 'http://127.0.0.1:1', '--call', 'items'], /GET \/items/],
    [['--nonsense'], /unknown option/],
    [['--url', 'http://127.0.0.1:1', '--mode', 'gateway', '--key', 'x'], /belong together/],
    [['--url', 'http://127.0.0.1:1', '--expected-failures', writeList(t, 'R1\nX2')], /no row X2/],
    [['--url', 'https://127.0.0.1:1', '--ca', writeList(t, 'no PEM')], /holds no certificate/],
    [
      ['--url', 'http://127.0.0.1:1', '--mode', 'gateway', '--consent', 'command'],
      /--consent-command/,
    ],
  ] as const) {
    const { code, said } = await run(...argv)
    assert.equal(code, 2, argv.join(' '))
    assert.match(said, message)
  }
})

test('a server that is not there, or publishes nothing, is exit code 3', async (t) => {
  assert.equal((await run('--url', 'http://127.0.0.1:1')).code, 3)
  const url = await serveDiscovery(t, {})
  const { code, said } = await run('--url', `${url}/elsewhere`)
  assert.equal(code, 3)
  assert.match(said, /publishes neither/)
})

test('a failed row is exit code 1, one that was expected to fail is not, and one that passes all the same is', async (t) => {
  const url = await serveDiscovery(t, { ath_version: '0.1' })
  const only = ['--url', url, '--only', 'R6,R9']
  const plain = await run(...only)
  assert.equal(plain.code, 1)
  assert.match(plain.out, /^✔ R6 /m)
  assert.match(plain.out, /^✖ R9 .*\n {4}.*gateway_id/m)
  assert.equal(plain.last, '1 passed, 1 failed, 0 skipped')
  const expected = await run(...only, '--expected-failures', writeList(t, 'R9 # no id yet\n'))
  assert.equal(expected.code, 0)
  assert.match(expected.out, /^1 failed as expected$/m)
  assert.equal(expected.last, '1 passed, 0 failed, 0 skipped')
  const surprised = await run(...only, '--expected-failures', writeList(t, 'R6\nR9\n'))
  assert.equal(surprised.code, 1)
  assert.match(surprised.out, /R6 .*take it from the list/)
})

test('without a person, rows that need one are skipped with the reason', async (t) => {
  const url = await serveDiscovery(t, { ath_version: '0.1' })
  const { code, out, last } = await run(
    '--url',
    url,
    '--only',
    'R87',
    '--provider',
    'p',
    '--scopes',
    's',
  )
  assert.equal(code, 0)
  assert.match(out, /^– R87 /m)
  assert.match(out, /^1 skipped: needs /m)
  assert.equal(last, '0 passed, 0 failed, 1 skipped')
})

test('rows of the other handshake are not taken for passed', async (t) => {
  const url = await serveDiscovery(t, { ath_version: '0.1' })
  const { code, said } = await run('--url', url, '--only', 'D5')
  assert.equal(code, 2)
  assert.match(said, /none of these is of the two-phase handshake/)
})
