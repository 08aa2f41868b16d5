import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../src/program.ts'
import { exitCodes } from '../src/exit-code.ts'
import { setUp } from './athx.ts'

test('every command has help with three examples, and every example is a command that exists', () => {
  const program = createProgram(async () => undefined)
  const names: string[] = []
  const visit = (command: typeof program, path: string) => {
    const text = command.helpInformation()
    const examples = /\nexamples\n((?: {2}.*\n)+)/.exec(text)?.[1]?.trim().split('\n') ?? []
    assert.equal(examples.length, 3, path)
    assert.match(text, /\nnext {3}\S/, path)
    for (const example of examples) {
      const verb = /\bathx (?:-\S+|([a-z-]+))/.exec(example)?.[1]
      if (verb !== undefined)
        assert.ok(
          program.commands.some((one) => one.name() === verb),
          example,
        )
    }
    names.push(path)
    for (const child of command.commands) visit(child, `${path} ${child.name()}`)
  }
  visit(program, 'athx')
  assert.ok(names.length > 20)
  for (const known of 'discover register authorize token proxy revoke status config'.split(' '))
    assert.ok(names.includes(`athx ${known}`))
})

test('bad usage exits 3 with a suggestion, help exits 0 on stdout', async (t) => {
  const { athx } = await setUp(t)
  const wrong = await athx(['conect'], { bare: true })
  assert.equal(wrong.code, 3)
  assert.match(wrong.stderr, /Did you mean connect\?/)
  assert.match(wrong.stderr, /fix {4}see: athx help\n/)
  const lacking = await athx(['call', 'oa'], { bare: true })
  assert.match(
    lacking.stderr,
    /missing required argument 'method'\n {2}fix {4}see: athx help call\n/,
  )
  const schemeless = await athx(['discover', '--gateway', '127.0.0.1:7080'], { bare: true })
  assert.equal(schemeless.code, 3)
  assert.match(schemeless.stderr, /write it whole, like https:/)
  assert.equal(wrong.stdout, '')
  for (const args of [
    ['call', 'oa'],
    ['status', '--no-such'],
    ['status', '--format', 'xml'],
  ])
    assert.equal((await athx(args, { bare: true })).code, 3)
  for (const args of [[], ['--help'], ['help'], ['help', 'call'], ['call', '--help']]) {
    const { code, stdout, stderr } = await athx(args, { bare: true })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /\nexamples\n/)
  }
})

test('exit codes and error codes are explained without a network', async (t) => {
  const { athx } = await setUp(t)
  const codes = await athx(['help', 'exit-codes'], { bare: true })
  for (const [code, meaning] of exitCodes)
    assert.match(codes.stdout, new RegExp(`${code} +${meaning}`))
  const all = await athx(['help', 'errors', '--json'], { bare: true })
  const listed = JSON.parse(all.stdout) as string[]
  assert.ok(listed.includes('TOKEN_REVOKED') && listed.includes('NETWORK_ERROR'))
  const one = await athx(['help', 'agent_unapproved', '--json'], { bare: true })
  assert.equal(JSON.parse(one.stdout).exit_code, 5)
  const several = await athx(['help', 'INVALID_ATTESTATION'], { bare: true })
  assert.match(several.stdout, /attestation is missing \(HTTP 400\)/)
  assert.match(several.stdout, /could not be fetched \(HTTP 401\)[\s\S]*serve agent\.json/)
  assert.equal((await athx(['help', 'NO_SUCH'], { bare: true })).code, 3)
})

test('the version is told by every spelling', async (t) => {
  const { athx } = await setUp(t)
  for (const args of [['--version'], ['-V'], ['version']])
    assert.match((await athx(args, { bare: true })).stdout, /^\d+\.\d+\.\d+\n$/)
  assert.equal(JSON.parse((await athx(['version', '--json'], { bare: true })).stdout).ath, '0.1')
})

test('settings: a flag beats the environment, which beats the file', async (t) => {
  const { athx, gateway, agent } = await setUp(t)
  const get = async (name: string, args: string[] = [], env = {}) =>
    (await athx(['config', 'get', name, ...args], { bare: true, env })).stdout.trim()
  assert.equal((await athx(['config', 'get', 'gateway'], { bare: true })).code, 1)
  await athx(['config', 'set', 'default-gateway', 'http://127.0.0.1:1'], { bare: true })
  assert.equal(await get('gateway'), 'http://127.0.0.1:1')
  const env = { ATH_GATEWAY: 'http://127.0.0.1:2' }
  assert.equal(await get('gateway', [], env), 'http://127.0.0.1:2')
  assert.equal(await get('gateway', ['-g', 'http://127.0.0.1:3'], env), 'http://127.0.0.1:3')
  assert.equal((await athx(['config', 'set', 'no-such', 'x'], { bare: true })).code, 3)
  await athx(['config', 'set-gateway', 'prod', gateway.url], { bare: true })
  const named = await athx(['discover', '--gateway', 'prod', '--agent-id', agent.agentId], {
    bare: true,
  })
  assert.equal(named.code, 0, named.stderr)
  await athx(['config', 'unset', 'gateway'], { bare: true })
  assert.equal((await athx(['discover'], { bare: true })).code, 3)
})

test('`agent init` writes the public document; `--serve` serves it until it is stopped', async (t) => {
  const { athx, start, home } = await setUp(t)
  assert.equal((await athx(['agent', 'init', '--id', 'x'], { bare: true })).code, 3)
  await athx(['key', 'new'], { bare: true })
  const id = 'https://agent.example/.well-known/agent.json'
  const made = await athx(['agent', 'init', '--id', id, '--name', 'Office'], { bare: true })
  assert.equal(made.code, 0, made.stderr)
  const document = JSON.parse(await readFile(join(home, 'agent.json'), 'utf8'))
  assert.equal(document.agent_id, id)
  assert.equal(document.public_key.d, undefined)
  assert.equal((await athx(['config', 'get', 'agent-id'], { bare: true })).stdout.trim(), id)

  const serving = start(['agent', 'init', '--serve', '--port', '0', '--name', 'Dev'], {
    bare: true,
  })
  await serving.saw('serving until')
  const agentId = (await athx(['config', 'get', 'agent-id'], { bare: true })).stdout.trim()
  const answer = await fetch(agentId)
  assert.equal(answer.headers.get('cache-control'), 'max-age=300')
  assert.equal(((await answer.json()) as { agent_id: string }).agent_id, agentId)
  const healthy = await athx(['doctor', '--json'], { bare: true })
  const published = JSON.parse(healthy.stdout).find(
    (one: { check: string }) => one.check === 'agent.json',
  )
  assert.equal(published.state, 'ok')
  serving.interrupt()
  const { code } = await serving.done
  assert.equal(code, 0)
})

test('doctor finds a skewed clock, loose files and a document that is not there, and names each fix', async (t) => {
  const { athx, gateway, home } = await setUp(t)
  gateway.userAnswer = ['oa:read']
  await athx(['connect', 'oa', '--scope', 'oa:read'])
  const examine = async (env = {}) => {
    const { stdout, code } = await athx(['doctor', '--json'], { env })
    const findings = JSON.parse(stdout) as { check: string; state: string; fix?: string }[]
    return { code, of: (name: string) => findings.find(({ check }) => check === name) }
  }
  const first = await examine({ ATH_AGENT_ID: 'http://127.0.0.1:1/.well-known/agent.json' })
  assert.equal(first.code, 1)
  assert.equal(first.of('gateway')?.state, 'ok')
  assert.equal(first.of('clock')?.state, 'ok')
  assert.equal(first.of('version')?.state, 'ok')
  assert.equal(first.of('agent.json')?.state, 'fail')
  assert.ok(first.of('agent.json')?.fix)
  await chmod(join(home, 'athx'), 0o755)
  gateway.next('discover', (_request, response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      date: new Date(Date.now() - 400_000).toUTCString(),
    })
    response.end(
      JSON.stringify({
        ath_version: '9.9',
        gateway_id: 'x',
        agent_registration_endpoint: `${gateway.url}/ath/agents/register`,
        supported_providers: [],
      }),
    )
  })
  const second = await examine({ ATH_AGENT_ID: 'http://127.0.0.1:1/.well-known/agent.json' })
  assert.equal(second.of('clock')?.state, 'fail')
  assert.match(second.of('clock')?.fix ?? '', /clock/)
  assert.equal(second.of('version')?.state, 'fail')
  assert.equal(second.of('files')?.state, 'fail')
  assert.match(second.of('files')?.fix ?? '', /^chmod/)
})

test('completion scripts are sound for their shells and offer verbs and flags', async (t) => {
  const { athx } = await setUp(t)
  const bash = (await athx(['completion', 'bash'], { bare: true })).stdout
  const complete = (line: string) => {
    const words = line.split(' ')
    const script = `${bash}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_athx\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n')
  }
  assert.deepEqual(complete('athx con'), ['connect', 'config'])
  assert.deepEqual(complete('athx config set'), ['set', 'set-gateway'])
  assert.ok(complete('athx connect oa --sc').includes('--scope'))
  assert.ok(complete('athx --gateway').includes('--gateway'))
  for (const shell of ['zsh', 'fish'])
    assert.match((await athx(['completion', shell], { bare: true })).stdout, /connect/)
  assert.equal((await athx(['completion', 'tcsh'], { bare: true })).code, 3)
})
