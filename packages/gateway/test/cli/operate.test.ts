import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createDidKey, createTestAgent } from '@sallyport/testing'
import { createWorkFolder, runGateway, sallyport, spawnSallyport } from './sallyport.ts'

const config = `version: 1
providers:
  oa:
    url: http://127.0.0.1:9
    auth: { kind: none }
    scopes: { oa:read: [GET /api/**], oa:write: [POST /api/**] }
`

/** An agent whose document is served on loopback, as `dev` permits. */
async function serveAgent(t: TestContext) {
  const server = createServer((_request, answer) => {
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify(agent.document()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const agent = await createTestAgent({
    agentId: `http://127.0.0.1:${port}/.well-known/agent.json`,
    clock: { now: () => Date.now() / 1000 },
  })
  return agent
}

async function register(url: string, agent: Awaited<ReturnType<typeof serveAgent>>) {
  const answer = await fetch(`${url}/ath/agents/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      agent_id: agent.agentId,
      agent_attestation: await agent.attest({ audience: url }),
      developer: { name: 'Example Agents Ltd', id: 'example-agents' },
      requested_providers: [{ provider_id: 'oa', scopes: ['oa:read', 'oa:write'] }],
    }),
  })
  assert.equal(answer.status, 201, await answer.clone().text())
  return (await answer.json()) as {
    readonly client_id: string
    readonly client_secret: string
    readonly agent_status: string
  }
}

test('[R49] [R50] an operator decides about a held agent while the gateway runs, and while it does not', async (t) => {
  const folder = createWorkFolder(t, { 'sallyport.yaml': config })
  const gateway = await runGateway(t, folder, ['dev', '--port', '0'])
  const url = String(gateway.ready['url'])
  const registered = await register(url, await serveAgent(t))
  assert.equal(registered.agent_status, 'pending')
  const id = registered.client_id
  const statusForAgent = async () => {
    const answer = await fetch(`${url}/ath/agents/${id}`, {
      headers: { authorization: `Basic ${btoa(`${id}:${registered.client_secret}`)}` },
    })
    return ((await answer.json()) as { readonly agent_status?: string }).agent_status
  }

  const waiting = await sallyport(folder, ['agents', 'list', '--status', 'pending'])
  assert.equal(waiting.status, 0)
  assert.match(waiting.out, new RegExp(`${id}\\s+pending\\s+Travel agent`))

  const wider = await sallyport(folder, ['agents', 'approve', id, '--scope', 'oa:raed'])
  assert.equal(wider.status, 3)
  assert.match(wider.err, /did not request `oa:raed`[^]*fix +did you mean "oa:read"\?/)

  const approved = await sallyport(folder, [
    'agents',
    'approve',
    '--scope',
    'oa:read',
    id,
    '--for',
    '7d',
  ])
  assert.equal(approved.status, 0, approved.err)
  assert.match(approved.out, /status +approved\n/)
  assert.match(approved.out, /approved +oa: oa:read\n/)
  assert.match(approved.out, /not approved +oa: oa:write/)
  assert.match(approved.out, new RegExp(`by operator:${userInfo().username}`))
  assert.equal(await statusForAgent(), 'approved')

  assert.equal((await sallyport(folder, ['agents', 'suspend', id, '--because', 'odd'])).status, 0)
  assert.equal(await statusForAgent(), 'denied')

  const ended = await gateway.stop()
  assert.equal(ended.status, 0)
  assert.equal(ended.err, '')

  const resumed = await sallyport(folder, ['agents', 'resume', id, '--json'])
  assert.equal(resumed.status, 0, resumed.err)
  assert.match(resumed.err, /the gateway is not running/)
  assert.equal(JSON.parse(resumed.out).status, 'approved')

  const decided = await sallyport(folder, ['audit', 'query', `client_id=${id}`, '--json'])
  assert.deepEqual(
    decided.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event),
    ['agent_registered', 'agent_decided', 'agent_suspended', 'agent_decided'],
  )
  const tail = await sallyport(folder, ['audit', 'tail', '-n', '1'])
  assert.match(tail.out, /agent_decided {2}allowed/)
  assert.equal(tail.out.split('\n').length, 2)
  const none = await sallyport(folder, ['audit', 'query', `client_id=${id}`, '--until', '1d'])
  assert.equal(none.out, '')
  assert.match(none.err, /^0 found/)

  const intact = await sallyport(folder, ['audit', 'verify'])
  assert.equal(intact.status, 0, intact.out)
  assert.match(intact.out, /^intact {2}\d+ records/)

  const audit = join(folder, '.sallyport', 'audit')
  const segment = join(audit, readdirSync(audit).find((name) => name.endsWith('.jsonl')) ?? '')
  writeFileSync(
    segment,
    readFileSync(segment, 'utf8').replace('"because":"odd"', '"because":"ood"'),
  )
  const broken = await sallyport(folder, ['audit', 'verify'])
  assert.equal(broken.status, 8)
  assert.match(broken.out, /^DOES NOT HOLD {2}segment 1, line \d+: the line was changed/)
})

test('dev without any file starts empty, says how to add a provider, and lists what it permits', async (t) => {
  const folder = createWorkFolder(t)
  const child = spawnSallyport(folder, ['dev', '--port', '0'])
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  while (!said.includes('ready in')) await once(child.stderr ?? child, 'data')
  assert.match(said, /no provider yet[^]*providers:\n[^]*oa:read: \[GET \/api\/\*\*\]/)
  assert.match(said, /dev permits, and `sallyport start` refuses:\n {2}- /)
  assert.match(said, /whoever opens a page is the user `dev`/)
  assert.doesNotMatch(said, /\u001b/)
  const url = /agents +(http:\/\/127\.0\.0\.1:\d+)\//.exec(said)?.[1]
  const discovery = await fetch(`${url}/.well-known/ath.json`)
  assert.equal(discovery.status, 200)
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.equal(statSync(join(folder, '.sallyport')).mode & 0o777, 0o700)
})

/** A port that somebody holds, with a free one behind it most of the time. */
async function holdPort(t: TestContext): Promise<number> {
  const holder = createSocketServer()
  holder.listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.after(() => holder.close())
  return (holder.address() as AddressInfo).port
}

test('dev takes the next port when its own is taken, and says so', async (t) => {
  const port = await holdPort(t)
  const gateway = await runGateway(t, createWorkFolder(t), ['dev', '--port', String(port)])
  assert.match(gateway.out(), new RegExp(`"port_taken".*port ${port} is taken`))
  assert.notEqual(gateway.ready['url'], `http://127.0.0.1:${port}`)
  assert.equal((await gateway.stop()).status, 0)
})

test('where the URL names the port, a taken port is an error with its fix', async (t) => {
  const port = await holdPort(t)
  const folder = createWorkFolder(t, {
    'sallyport.yaml': `version: 1\ngateway: { url: "http://127.0.0.1:${port}", listen: { port: ${port} } }\n`,
  })
  const ended = await sallyport(folder, ['dev'])
  assert.equal(ended.status, 1)
  assert.match(ended.err, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is taken\\n.*tried[^]*fix `))
  assert.doesNotMatch(ended.err, /\.ts:|at /)
})

test('a second gateway on the same data folder does not start, and the first goes on', async (t) => {
  const folder = createWorkFolder(t)
  const first = await runGateway(t, folder, ['dev', '--port', '0'])
  const second = await sallyport(folder, ['dev', '--port', '0'])
  assert.equal(second.status, 1)
  assert.match(second.err, /^error {2}.*\n(tried.*\n)?fix /)
  const health = await fetch(`${first.ready['url']}/health/ready`)
  assert.equal(health.status, 200)
  const status = await sallyport(folder, ['status', '--json'])
  assert.equal(JSON.parse(status.out).mode, 'dev')
  assert.equal((await first.stop()).status, 0)
})

test('[R114] start runs a safe configuration, and refuses one that is only fit for trying', async (t) => {
  const port = await holdPort(t)
  const folder = createWorkFolder(t, {
    'sallyport.yaml': `version: 1
gateway: { url: https://gw.corp.example, listen: { port: 0 } }
login: { issuer: https://idp.corp.example, client_id: s, client_secret: "\${SECRET}" }
providers:
  oa: { url: http://127.0.0.1:${port}, auth: { kind: none }, scopes: { r: [GET /] } }
`,
    'dev.yaml': config,
  })
  const refused = await sallyport(folder, ['start', '-c', 'dev.yaml'])
  assert.equal(refused.status, 3)
  assert.match(refused.err, /dev\.yaml:1:1 {2}gateway\.url: is missing/)
  assert.match(refused.err, /login: is missing: people must sign in; `start` refuses it/)
  const unset = await sallyport(folder, ['start'])
  assert.equal(unset.status, 3)
  assert.match(
    unset.err,
    /sallyport\.yaml:3:\d+ {2}login\.client_secret: environment variable `SECRET` is not set/,
  )

  const gateway = await runGateway(t, folder, ['start'], { SECRET: 'hunter2' })
  assert.equal(gateway.ready['mode'], 'start')
  assert.deepEqual(gateway.ready['dev_defaults'], [])
  // An operator's shell need not know the gateway's secrets.
  const status = await sallyport(folder, ['status'])
  assert.equal(status.status, 0, status.err)
  assert.match(status.out, /mode +start/)
  const ended = await gateway.stop()
  assert.equal(ended.status, 0)
  assert.doesNotMatch(ended.out + ended.err, /hunter2/)
})

test('audit tail -f shows each decision when it is made, until Ctrl-C', async (t) => {
  const folder = createWorkFolder(t)
  const gateway = await runGateway(t, folder, ['dev', '--port', '0'])
  const tail = spawnSallyport(folder, ['audit', 'tail', '-f', '--json'])
  t.after(() => tail.kill('SIGKILL'))
  let seen = ''
  tail.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk
  })
  const show = async (text: string) => {
    while (!seen.includes(text)) await once(tail.stdout ?? tail, 'data')
  }
  await show('"gateway_started"')
  const answer = await fetch(`${gateway.ready['url']}/ath/agents/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  assert.ok(answer.status >= 400)
  await show('"agent_registration_denied"')
  for (const line of seen.trim().split('\n')) assert.ok(JSON.parse(line).id.startsWith('evt_'))
  tail.kill('SIGINT')
  assert.deepEqual(await once(tail, 'exit'), [0, null])
  assert.equal((await gateway.stop()).status, 0)
})

test('[U4] [U5] an operator lets an agent in by its DID, sees it with its key, and is told what a name lacks', async (t) => {
  const { privateKey, ...key } = await createDidKey()
  const jwk = await crypto.subtle.exportKey('jwk', privateKey)
  const folder = createWorkFolder(t, {
    'sallyport.yaml': config,
    'office.pem': key.pem,
    'private.jwk': JSON.stringify(jwk),
  })
  const gateway = await runGateway(t, folder, ['dev', '--port', '0'])
  const add = (...args: string[]) =>
    sallyport(folder, ['agents', 'add', 'did:ath:office', '--name', 'Office', ...args])

  const keyless = await add('--allow', 'oa=oa:read')
  assert.equal(keyless.status, 3)
  assert.match(keyless.err, /proves nothing without a key[^]*fix +add --key <file>/)
  const secret = await add('--allow', 'oa=oa:read', '--key', 'private.jwk')
  assert.equal(secret.status, 3)
  assert.match(secret.err, /holds a private key, which only the agent may have/)
  assert.doesNotMatch(secret.err, new RegExp(String(jwk.d)))
  const nowhere = await add('--allow', 'oa:read', '--key', 'office.pem')
  assert.match(nowhere.err, /does not say which provider[^]*fix +write it like oa=oa:read/)
  const slip = await add('--allow', 'oa=oa:raed', '--key', 'office.pem')
  assert.match(slip.err, /no scope `oa:raed`[^]*did you mean "oa:read"\?/)
  const forever = await add('--allow', 'oa=oa:read', '--key', 'office.pem', '--lifetime', 'ever')
  assert.match(forever.err, /`ever` is not a duration/)

  const added = await add(
    '--allow',
    'oa=oa:read,oa:write',
    '--key',
    'office.pem',
    '--lifetime',
    '7d',
  )
  assert.equal(added.status, 0, added.err)
  assert.match(added.out, /agent id +did:ath:office\n/)
  assert.match(added.out, new RegExp(`key +${key.publicKey.thumbprint}\\n`))
  assert.match(added.out, /approved +oa: oa:read, oa:write\n/)
  const listed = await sallyport(folder, ['agents', 'list'])
  assert.match(
    listed.out,
    new RegExp(`approved +Office .*${key.publicKey.thumbprint} +did:ath:office`),
  )
  const twice = await add('--allow', 'oa=oa:read', '--key', 'office.pem')
  assert.equal(twice.status, 1)
  assert.match(twice.err, /registered already[^]*sallyport agents show did:ath:office/)

  const none = await sallyport(folder, ['sessions', 'list'])
  assert.equal(none.out, 'no sessions\n')
  const unknown = await sallyport(folder, ['sessions', 'end', 'ath_ses_none'])
  assert.equal(unknown.status, 1)
  assert.match(unknown.err, /no session `ath_ses_none`[^]*sallyport sessions list/)
  const suspended = await sallyport(folder, ['agents', 'suspend', 'did:ath:office'])
  assert.equal(suspended.status, 0, suspended.err)
  await gateway.stop()
})
