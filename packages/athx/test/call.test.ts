import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { run } from '../src/run.ts'
import { setUp } from './athx.ts'

async function connected(t: TestContext) {
  const bench = await setUp(t)
  bench.gateway.userAnswer = ['oa:read']
  const { code, stderr } = await bench.athx(['connect', 'oa', '--scope', 'oa:read'])
  assert.equal(code, 0, stderr)
  return bench
}

test('a body comes from text, a file or stdin, and goes up as it is', async (t) => {
  const { athx, gateway, home } = await connected(t)
  gateway.upstream = async (request, response) => {
    const type = request.headers['content-type'] ?? '-'
    response.end(`${request.method} ${type} ${await text(request)}`)
  }
  const post = async (...args: string[]) =>
    (await athx(['call', 'oa', 'POST', '/x', ...args], { stdin: 'from stdin' })).stdout
  assert.equal(await post('--data', '{"a":1}'), 'POST application/json {"a":1}')
  assert.equal(await post('--body', '{"b":2}'), 'POST application/json {"b":2}')
  assert.equal(await post('--data', '-'), 'POST application/octet-stream from stdin')
  await writeFile(join(home, 'body.csv'), 'a;b')
  assert.equal(
    await post('--data', '@body.csv', '-H', 'Content-Type: text/csv', '-H', 'X-Two: 2'),
    'POST text/csv a;b',
  )
  assert.equal(gateway.seen.at(-1)?.headers['x-two'], '2')
  const missing = await athx(['call', 'oa', 'POST', '/x', '--data', '@no-such-file'])
  assert.equal(missing.code, 3)
})

test('the answer is stdout and nothing else: bytes, files, heads', async (t) => {
  const { athx, gateway, home } = await connected(t)
  gateway.upstream = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml', 'x-odd': 'yes' })
    response.end('<a>乐</a>')
  }
  const plain = await athx(['call', 'oa', 'GET', '/x'])
  assert.deepEqual([plain.stdout, plain.stderr], ['<a>乐</a>', ''])
  const head = await athx(['call', 'oa', 'GET', '/x', '-i'])
  assert.match(head.stdout, /^HTTP 200 OK\n(?:.*\n)*x-odd: yes\n(?:.*\n)*\n<a>乐<\/a>$/)
  const file = await athx(['call', 'oa', 'GET', '/x', '-o', 'out.xml'])
  assert.equal(file.stdout, '')
  assert.equal(await readFile(join(home, 'out.xml'), 'utf8'), '<a>乐</a>')
})

test('on a terminal what follows the answer begins on a line of its own; a pipe gets the bytes alone', async (t) => {
  const { gateway, home, agent } = await connected(t)
  const { agentId, key } = agent
  const print = async (body: string, printsToTerminal: boolean) => {
    gateway.upstream = (_request, response) => response.end(body)
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const said = text(stdout)
    const code = await run(['call', 'oa', 'GET', '/x'], {
      stdin: new PassThrough(),
      stdout,
      stderr: stderr.resume(),
      talksToPerson: false,
      printsToTerminal,
      env: {
        ATHX_HOME: join(home, 'athx'),
        ATH_GATEWAY: gateway.url,
        ATH_AGENT_ID: agentId,
        ATH_PRIVATE_KEY: key.privatePem,
        ATH_KEY_ID: key.kid,
      },
      homeDir: home,
      cwd: home,
      interrupted: new AbortController().signal,
      nodeVersion: process.versions.node,
      now: () => Date.now() / 1000,
    })
    assert.equal(code, 0)
    stdout.end()
    return said
  }
  assert.equal(await print('[1]', true), '[1]\n')
  assert.equal(await print('[1]\n', true), '[1]\n')
  assert.equal(await print('', true), '')
  assert.equal(await print('[1]', false), '[1]')
})

test('a stream is shown while it runs', async (t) => {
  const { start, gateway } = await connected(t)
  let finish = () => undefined as unknown
  gateway.upstream = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: one\n\n')
    finish = () => response.end('data: two\n\n')
  }
  const calling = start(['call', 'oa', 'GET', '/events'])
  await calling.saw('data: one')
  finish()
  assert.equal((await calling.done).stdout, 'data: one\n\ndata: two\n\n')
})

test('a refusal keeps its body on stdout and explains itself on stderr, with an exit code', async (t) => {
  const { athx, gateway } = await connected(t)
  gateway.upstream = (request, response) => {
    const status = Number(request.url?.slice(1))
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(
        status === 403
          ? {
              code: 'SCOPE_NOT_APPROVED',
              message: 'no',
              fix: 'ask for oa:write',
              details: { rule: 'POST /403 needs one of: oa:write' },
            }
          : { error: 'of the service' },
      ),
    )
  }
  const refused = await athx(['call', 'oa', 'GET', '/403'])
  assert.equal(refused.code, 5)
  assert.match(refused.stderr, /needs one of: oa:write/)
  assert.match(refused.stderr, /ask for oa:write/)
  assert.equal(JSON.parse(refused.stdout).code, 'SCOPE_NOT_APPROVED')
  assert.equal((await athx(['call', 'oa', 'GET', '/404'])).code, 1)
  assert.equal((await athx(['call', 'oa', 'GET', '/500'])).code, 7)
  assert.equal((await athx(['call', 'oa', 'GET', '/../../token'])).code, 8)
})

test('a token of elsewhere is taken from the environment, a file or stdin, never from an argument', async (t) => {
  const { athx, gateway, home } = await connected(t)
  const use = (args: string[], options = {}) => athx(['call', 'oa', 'GET', '/x', ...args], options)
  await use([], { env: { ATH_TOKEN: 'ath_tk_env' } })
  assert.equal(gateway.seen.at(-1)?.headers.authorization, 'Bearer ath_tk_env')
  await use(['--token', '-'], { stdin: 'ath_tk_stdin\n' })
  assert.equal(gateway.seen.at(-1)?.headers.authorization, 'Bearer ath_tk_stdin')
  await writeFile(join(home, 'token'), 'ath_tk_file\n')
  await use(['--token', '@token'])
  assert.equal(gateway.seen.at(-1)?.headers.authorization, 'Bearer ath_tk_file')
  const before = gateway.seen.length
  for (const args of [
    ['call', 'oa', 'GET', '/x', '--token', 'ath_tk_inclear'],
    ['revoke', '--token=ath_tk_inclear'],
    ['call', 'oa', 'GET', '/x', '--access-token', 'ath_tk_inclear'],
    ['register', '--client-secret', 'ath_tk_inclear'],
    ['status', '--private-key=ath_tk_inclear'],
  ]) {
    const { code, stdout, stderr } = await athx(args)
    assert.equal(code, 3, stderr)
    assert.match(stderr, /visible to every process/)
    assert.equal((stdout + stderr).includes('ath_tk_inclear'), false)
  }
  assert.equal(gateway.seen.length, before)
})

test('without a token it says how to get one', async (t) => {
  const { athx } = await setUp(t)
  const { code, stderr } = await athx(['call', 'oa', 'GET', '/x'])
  assert.equal(code, 4)
  assert.match(stderr, /athx connect oa --scope/)
})
