import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { createTestAgent, createTestKey, type TestAgent } from '@sallyport/testing'
import { openAuditReader } from '../src/compose.ts'
import { createFolder } from './data-folder.ts'
import { ask, createPerson, freePort, listen, post, type Reply } from './gateway.ts'

/** How far a handshake came, by what was answered. Nothing else counts. */
interface Promised {
  readonly agent: TestAgent
  readonly clientId: string
  readonly clientSecret: string
  sessionId?: string
  authorizationUrl?: string
  consented?: true
  /** An exchange was sent; without a token nobody knows how it ended. */
  exchanging?: true
  token?: string
  revoking?: true
  revoked?: true
}

const folder = createFolder()
const agents = new Map<string, TestAgent>()
const key = await createTestKey()
const upstream = await listen(createServer((_request, response) => response.end('{}')))
const agentHost = await listen(
  createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(agents.get(request.url ?? '')?.document()))
  }),
)
const port = await freePort()
const url = `http://127.0.0.1:${port}`
const dataDir = join(folder.dir, 'data')
mkdirSync(dataDir)
const file = join(folder.dir, 'sallyport.yaml')
writeFileSync(
  file,
  `
version: 1
gateway: { data_dir: ./data }
agents:
  - { agent: "${agentHost.url}/*", allow: { oa: [oa:read] } }
providers:
  oa:
    url: ${upstream.url}
    auth: { kind: none }
    scopes: { oa:read: [GET /**] }
limits: { register_ip: none, status_ip: none, login_ip: none }
`,
)
let child: ChildProcess | undefined
after(async () => {
  child?.kill('SIGKILL')
  await Promise.all([upstream.close(), agentHost.close()])
  folder.remove()
})

async function startGateway(): Promise<ChildProcess> {
  const main = join(import.meta.dirname, '../src/main.ts')
  child = spawn(
    process.execPath,
    ['--conditions=sallyport-source', main, 'dev', '-c', file, '--port', String(port), '--json'],
    {
      cwd: folder.dir,
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream }))
    if (line.includes('"event":"ready"')) break
  child.stdout?.resume()
  return child
}

let born = 0
async function createAgent(): Promise<TestAgent> {
  const path = `/${born++}/.well-known/agent.json`
  const agent = await createTestAgent({
    agentId: `${agentHost.url}${path}`,
    key,
    clock: { now: () => Date.now() / 1000 },
  })
  agents.set(path, agent)
  return agent
}

const registration = async (agent: TestAgent): Promise<Reply> =>
  post(`${url}/ath/agents/register`, {
    agent_id: agent.agentId,
    agent_attestation: await agent.attest({ audience: url }),
    developer: { name: 'D', id: 'd' },
    requested_providers: [{ provider_id: 'oa', scopes: ['oa:read'] }],
  })

const exchange = async ({ agent, clientId, clientSecret, sessionId }: Promised): Promise<Reply> =>
  post(`${url}/ath/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    client_secret: clientSecret,
    agent_attestation: await agent.attest({ audience: `${url}/ath/token` }),
    code: 'code',
    ath_session_id: sessionId,
  })

const use = ({ agent, token }: Promised): Promise<Reply> =>
  ask(`${url}/ath/proxy/oa/x`, {
    headers: { authorization: `Bearer ${token}`, 'x-ath-agent-id': agent.agentId },
  })

/** One agent after the other, until the gateway is gone; every answer is kept. */
async function lane(promises: Promised[], answered: () => void): Promise<void> {
  for (let turn = 0; ; turn++) {
    const agent = await createAgent()
    const registered = await registration(agent)
    assert.equal(registered.status, 201, registered.text)
    const promised: Promised = {
      agent,
      clientId: String(registered.json['client_id']),
      clientSecret: String(registered.json['client_secret']),
    }
    promises.push(promised)
    answered()
    const started = await post(`${url}/ath/authorize`, {
      client_id: promised.clientId,
      agent_attestation: await agent.attest({ audience: url }),
      provider_id: 'oa',
      scopes: ['oa:read'],
      state: 's',
    })
    assert.equal(started.status, 200, started.text)
    promised.sessionId = String(started.json['ath_session_id'])
    promised.authorizationUrl = String(started.json['authorization_url'])
    answered()
    if (turn % 5 === 4) continue
    await createPerson().answer(promised.authorizationUrl, 'approve')
    promised.consented = true
    answered()
    if (turn % 5 === 3) continue
    promised.exchanging = true
    // Several instances of one agent ask at once; whatever the kill cuts off, one token at most.
    const tokens = (await Promise.all([exchange(promised), exchange(promised)])).filter(
      ({ status }) => status === 200,
    )
    assert.equal(tokens.length, 1)
    promised.token = String(tokens[0]?.json['access_token'])
    answered()
    if (turn % 5 === 2) continue
    promised.revoking = true
    const revoked = await post(`${url}/ath/revoke`, {
      client_id: promised.clientId,
      client_secret: promised.clientSecret,
      token: promised.token,
    })
    assert.equal(revoked.status, 200)
    promised.revoked = true
    answered()
  }
}

async function workUntilKilled(killAfter: number): Promise<readonly Promised[]> {
  const gateway = await startGateway()
  const closed = once(gateway, 'close')
  const promises: Promised[] = []
  let answers = 0
  const answered = () => {
    if (++answers === killAfter) setTimeout(() => gateway.kill('SIGKILL'), Math.random() * 40)
  }
  const lanes = await Promise.allSettled([1, 2, 3].map(() => lane(promises, answered)))
  for (const ended of lanes)
    if (ended.status === 'rejected' && ended.reason instanceof assert.AssertionError)
      throw ended.reason
  const [, signal] = (await closed) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL')
  return promises
}

/** What was answered before the kill still holds. May be asked once of each. */
async function holds(promised: Promised): Promise<void> {
  const { clientId, clientSecret, agent } = promised
  const status = await ask(`${url}/ath/agents/${clientId}`, {
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
  })
  assert.equal(status.status, 200, 'registered')
  assert.equal((await registration(agent)).status, 409)
  if (!promised.sessionId || !promised.authorizationUrl) return
  if (promised.token !== undefined) {
    const used = await use(promised)
    if (promised.revoked) assert.equal(used.json['code'], 'TOKEN_REVOKED')
    else if (!promised.revoking) assert.equal(used.status, 200, 'a token that was given works')
    assert.notEqual((await exchange(promised)).status, 200, 'no second token')
    return
  }
  if (!promised.consented) {
    const early = await exchange(promised)
    // The person's yes may have been written without being answered.
    if (early.status !== 200) assert.match(early.text, /authorization_pending/)
    return
  }
  const [one, other] = await Promise.all([exchange(promised), exchange(promised)])
  const given = [one, other].filter((reply) => reply.status === 200).length
  if (promised.exchanging) assert.ok(given <= 1)
  else assert.equal(given, 1, 'a yes that was answered gives its one token')
}

test('[R67] [R82] [R122] a gateway that is killed at any point keeps all it answered, and no handshake yields two tokens', async () => {
  const all: Promised[] = []
  for (const killAfter of [4, 9, 17, 30, 45]) {
    const promises = await workUntilKilled(killAfter)
    const gateway = await startGateway()
    const reader = await openAuditReader(dataDir)
    assert.equal((await reader.verify()).fault, undefined)
    const granted = new Map<string, number>()
    for await (const { event, token_ref, grant_id } of reader.read())
      if (event === 'access_granted') {
        granted.set(token_ref ?? '', (granted.get(token_ref ?? '') ?? 0) + 1)
        granted.set(grant_id ?? '', (granted.get(grant_id ?? '') ?? 0) + 1)
      }
    for (const { token } of promises)
      if (token !== undefined)
        assert.equal(granted.get(hash('sha256', token, 'hex').slice(0, 16)), 1, 'recorded')
    for (const count of granted.values()) assert.equal(count, 1, 'one token for a grant')
    for (const promised of promises) await holds(promised)
    const closed = once(gateway, 'close')
    gateway.kill('SIGTERM')
    assert.deepEqual((await closed)[0], 0)
    all.push(...promises)
  }
  assert.ok(all.filter(({ token }) => token !== undefined).length >= 10)
  assert.ok(all.some(({ revoked }) => revoked))
})
