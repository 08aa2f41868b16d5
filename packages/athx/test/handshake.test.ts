import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setUp } from './athx.ts'

/** Every file below a directory, with its mode. */
async function listFiles(directory: string): Promise<{ path: string; mode: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      return { path, mode: (await stat(path)).mode & 0o777 }
    }),
  )
}

test('the known verbs with their known flags do the whole protocol, each in a process of its own', async (t) => {
  const { athx, gateway, agent } = await setUp(t)
  const common = ['--gateway', gateway.url, '--agent-id', agent.agentId]
  const discovered = await athx(['discover', ...common, '--format', 'json'])
  assert.equal(discovered.code, 0, discovered.stderr)
  assert.equal(JSON.parse(discovered.stdout).supported_providers[0].provider_id, 'oa')

  const provider = ['--provider', 'oa', '--scopes', 'oa:read,oa:write']
  const developer = ['--dev-name', 'Example', '--dev-id', 'example']
  const registered = await athx(
    ['register', ...common, ...provider, ...developer].concat(
      '--purpose',
      'test',
      '--format',
      'json',
    ),
  )
  assert.equal(registered.code, 0, registered.stderr)
  const registration = JSON.parse(registered.stdout)
  assert.equal(registration.client_id, gateway.clientId)
  assert.equal(registered.stdout.includes(gateway.clientSecret), false)

  const asked = await athx(['authorize', ...common, ...provider, '--format', 'json'])
  assert.equal(asked.code, 0, asked.stderr)
  const { ath_session_id: session, authorization_url: url } = JSON.parse(asked.stdout)
  assert.match(url, /^http:\/\/127\.0\.0\.1/)

  const early = await athx(['token', ...common, '--code', 'code', '--session', session])
  assert.equal(early.code, 6)
  gateway.userAnswer = ['oa:read']
  const got = await athx(
    ['token', ...common, '--code', 'code', '--session', session].concat('--format', 'json'),
  )
  assert.equal(got.code, 0, got.stderr)
  assert.deepEqual(JSON.parse(got.stdout).effective_scopes, ['oa:read'])
  assert.equal(JSON.parse(got.stdout).access_token, 'ath_tk_••••••')

  gateway.upstream = (request, response) => response.end(`${request.method} ${request.url}`)
  const called = await athx(['proxy', ...common, 'oa', 'get', '/list?a=1'])
  assert.deepEqual([called.code, called.stdout], [0, 'GET /list?a=1'])

  const state = await athx(['status', ...common, '--json'])
  assert.equal(state.code, 0, state.stderr)
  assert.equal(JSON.parse(state.stdout).tokens[0].provider_id, 'oa')
  assert.deepEqual(JSON.parse(state.stdout).pending, [])

  const revoked = await athx(['revoke', ...common, '--provider', 'oa'])
  assert.equal(revoked.code, 0, revoked.stderr)
  const after = await athx(['call', ...common, 'oa', 'GET', '/list'])
  assert.equal(after.code, 4)
  assert.deepEqual(gateway.faults, [])
})

test('`connect` does it in one verb and waits; what it keeps only its owner can read', async (t) => {
  const { athx, start, gateway, home } = await setUp(t)
  const connecting = start(['connect', 'oa', '--scope', 'oa:read', '--why', 'query', '--json'])
  await gateway.waitFor('token', 2)
  gateway.userAnswer = ['oa:read']
  const { code, stdout, stderr } = await connecting.done
  assert.equal(code, 0, stderr)
  const result = JSON.parse(stdout)
  assert.deepEqual(result.sessions[0].effective_scopes, ['oa:read'])
  assert.match(stderr, /^open {6}http:\/\/127/m)
  assert.match(stderr, /^waiting for the user, until [\d: -]+ \(Ctrl-C stops/m)
  assert.match(stderr, /^register {2}approved$/m)
  for (const secret of [gateway.clientSecret, 'ath_tk_'])
    assert.equal((stdout + stderr).includes(secret), false)
  const state = JSON.parse((await athx(['status', '--json'])).stdout)
  assert.deepEqual(state.pending, [])
  const files = await listFiles(join(home, 'athx'))
  assert.ok(files.length >= 4)
  for (const { path, mode } of files)
    assert.equal(mode, path.endsWith('.json') ? 0o600 : 0o700, `${path} ${mode.toString(8)}`)
  assert.equal((await stat(join(home, 'athx'))).mode & 0o777, 0o700)
  const again = await athx(['connect', 'oa', '--scope', 'oa:read'])
  assert.equal(again.code, 0, again.stderr)
  assert.equal(gateway.seen.filter(({ step }) => step === 'register').length, 1)
  assert.deepEqual(gateway.faults, [])
})

test('what the first connect was told is the default of the next command; what was set stays', async (t) => {
  const { athx, gateway, agent } = await setUp(t)
  const env = { ATH_PRIVATE_KEY: agent.key.privatePem, ATH_KEY_ID: agent.key.kid }
  const bare = { bare: true, env }
  gateway.userAnswer = ['oa:read']
  const flags = ['--gateway', gateway.url, '--agent-id', agent.agentId]
  const first = await athx(['connect', 'oa', '--scope', 'oa:read', ...flags], bare)
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stderr, /^default {3}gateway is http:\/\/127\.0\.0\.1:\d+ from now on/m)
  assert.match(first.stderr, /^default {3}agent-id is /m)
  gateway.upstream = (_request, response) => response.end('served')
  const called = await athx(['call', 'oa', 'GET', '/'], bare)
  assert.deepEqual([called.code, called.stdout], [0, 'served'])

  await athx(['config', 'set', 'gateway', 'http://127.0.0.1:1'], bare)
  const again = await athx(['connect', 'oa', '--scope', 'oa:read', ...flags], bare)
  assert.equal(again.code, 0, again.stderr)
  assert.doesNotMatch(again.stderr, /^default/m)
  const kept = await athx(['config', 'get', 'gateway'], bare)
  assert.equal(kept.stdout, 'http://127.0.0.1:1\n')
})

test('Ctrl-C during the wait exits 130, leaves the question open and says how to go on', async (t) => {
  const { athx, start, gateway } = await setUp(t)
  const connecting = start(['connect', 'oa', '--scope', 'oa:read'])
  await gateway.waitFor('token', 1)
  connecting.interrupt()
  const { code, stdout, stderr } = await connecting.done
  assert.equal(code, 130, stderr)
  assert.equal(stdout, '')
  const session = /athx token --session (\S+) --wait/.exec(stderr)?.[1] ?? ''
  assert.match(session, /^ath_sess_/)
  const resuming = start(['token', '--session', session, '--wait'])
  // Said before the user has answered, or nobody would know for what it waits.
  await resuming.saw(
    /^waiting for the user, until [\d: -]+: http:\/\/127\S+ \(Ctrl-C stops; --wait-timeout changes it\)$/m,
  )
  gateway.userAnswer = ['oa:read']
  const resumed = await resuming.done
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.equal((await athx(['call', 'oa', 'GET', '/x'])).stdout, 'upstream')
})

test('every way a connect can fail has its exit code, and nothing is on stdout', async (t) => {
  const { athx, gateway } = await setUp(t)
  const connect = (...more: string[]) => athx(['connect', 'oa', '--scope', 'oa:read', ...more])
  const expectCode = (
    expected: number,
    { code, stdout, stderr }: Awaited<ReturnType<typeof athx>>,
  ) => {
    assert.equal(code, expected, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /fix {4}/)
  }
  expectCode(3, await athx(['connect', 'oa', '--scope', 'no:such']))
  gateway.agentStatus = 'pending'
  expectCode(5, await connect())
  gateway.agentStatus = 'approved'
  gateway.approvals = { oa: { approved: [], denied: ['oa:read'], reason: 'agents-no-oa' } }
  const refused = await connect()
  expectCode(5, refused)
  assert.match(refused.stderr, /agents-no-oa/)
  gateway.approvals = {}
  expectCode(6, await connect('--wait-timeout', '0.2s'))
  gateway.userAnswer = 'denied'
  expectCode(6, await connect())
  gateway.next('authorize', (_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end('{"code":"INVALID_ATTESTATION","message":"x","details":{"reason":"replayed"}}')
  })
  expectCode(8, await connect())
  gateway.next('authorize', (_request, response) => response.destroy())
  expectCode(7, await connect())
})

test('with --json an error is one JSON document on stderr', async (t) => {
  const { athx, gateway } = await setUp(t)
  gateway.userAnswer = 'denied'
  const { code, stdout, stderr } = await athx([
    'connect',
    'oa',
    '--scope',
    'oa:read',
    '--json',
    '-q',
  ])
  assert.equal(code, 6)
  assert.equal(stdout, '')
  const problem = JSON.parse(stderr)
  assert.equal(problem.code, 'USER_DENIED')
  assert.ok(problem.fix.length > 0)
})

test('[C13] an agent that is registered elsewhere is told, and rotates with its key', async (t) => {
  const { athx, gateway } = await setUp(t)
  gateway.next('register', (_request, response) => {
    response.writeHead(409, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ code: 'CONFLICT', message: 'x', details: { client_id: 'ath_test_client' } }),
    )
  })
  const conflict = await athx(['connect', 'oa', '--scope', 'oa:read'])
  assert.equal(conflict.code, 1)
  assert.match(conflict.stderr, /athx agent rotate/)
  const rotated = await athx(['agent', 'rotate'])
  assert.equal(rotated.code, 0, rotated.stderr)
  assert.equal((rotated.stdout + rotated.stderr).includes(gateway.clientSecret), false)
  gateway.userAnswer = ['oa:read']
  assert.equal((await athx(['connect', 'oa', '--scope', 'oa:read'])).code, 0)
  assert.deepEqual(gateway.faults, [])
})

test('text from the gateway cannot play with the terminal', async (t) => {
  const { athx, gateway } = await setUp(t)
  gateway.next('discover', (_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ code: 'TOKEN_INVALID', message: '\u001b]0;owned\u0007\u202e' }))
  })
  const { stderr, code } = await athx(['discover'])
  assert.equal(code, 4)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is the point
  assert.equal(/[\u001b\u0007\u202e]/.test(stderr), false)
})

test('a key is never made on the way, and never printed', async (t) => {
  const { athx, home, agent } = await setUp(t)
  const missing = await athx(
    ['register', '--gateway', 'http://127.0.0.1:1', '--agent-id', agent.agentId].concat([
      '--provider',
      'oa',
      '--scopes',
      'a',
      '--key',
      join(home, 'none.pem'),
    ]),
    { bare: true },
  )
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /athx key new/)
  await assert.rejects(stat(join(home, 'none.pem')))
  const made = await athx(['key', 'new', '--json'], { bare: true })
  assert.equal(made.code, 0, made.stderr)
  const { path, public_key } = JSON.parse(made.stdout)
  const pem = await readFile(path, 'utf8')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const again = await athx(['key', 'new'], { bare: true })
  assert.equal(again.code, 3)
  assert.equal(await readFile(path, 'utf8'), pem)
  const shown = await athx(['key', 'show', '--json'], { bare: true })
  assert.deepEqual(JSON.parse(shown.stdout).public_key, public_key)
  assert.equal('d' in public_key, false)
})
