import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import {
  ask,
  authorize,
  call,
  type Credentials,
  createPerson,
  exchange,
  openWholeGateway,
  operate,
  post,
  register,
  type WholeGateway,
} from './gateway.ts'

let gateway: WholeGateway
let credentials: Credentials
const apiKey = 'k-3f9d2c7b5e1a4f60'

before(async () => {
  gateway = await openWholeGateway(
    ({ upstream, agentHost }) => `
version: 1
agents:
  - { agent: "${agentHost}/*", allow: { oa: [oa:read], crm: [crm:read] } }
providers:
  oa:
    url: ${upstream}/oa
    auth: { kind: api_key, header: x-api-key, key: ${apiKey} }
    scopes:
      oa:read: [GET /**]
      oa:write: [POST /**]
  crm:
    url: ${upstream}
    auth: { kind: mock_oauth2, user: wang }
    scopes:
      crm:read: [GET /**]
`,
  )
  credentials = await register(gateway, { oa: ['oa:read', 'oa:write'], crm: ['crm:read'] })
})
after(() => gateway.close())

const admin = (path: string, body: object = {}) => operate(gateway, path, body)

async function obtain(provider: string, scopes: readonly string[]): Promise<string> {
  const handshake = await authorize(gateway, credentials, provider, scopes)
  await createPerson().answer(handshake.authorizationUrl, 'approve')
  const { status, json } = await exchange(gateway, credentials, handshake.sessionId)
  assert.equal(status, 200, JSON.stringify(json))
  return String(json['access_token'])
}

test('[R1] [R4] [R7] [R101] behind the gateway a service that knows nothing of ATH serves an agent that both sides let in', async () => {
  const token = await obtain('oa', ['oa:read'])
  const reply = await call(gateway, token, '/oa/list?state=open&state=urgent')
  assert.equal(reply.status, 200)
  assert.equal(reply.json['path'], '/oa/list?state=open&state=urgent')
  const { headers } = gateway.upstream.seen.at(-1) ?? assert.fail('nothing reached the upstream')
  assert.equal(headers['x-api-key'], apiKey)
  for (const name of ['authorization', 'x-ath-agent-id', 'cookie'])
    assert.equal(headers[name], undefined)
  const refused = await call(gateway, token, '/oa/list', { method: 'POST' })
  assert.equal(refused.status, 403)
  assert.equal(refused.json['code'], 'SCOPE_NOT_APPROVED')
})

test('[R71] [R72] [R76] [C8] the OAuth callback is the gateway’s own: the browser ends on its page, the agent polls its token', async () => {
  const handshake = await authorize(gateway, credentials, 'crm', ['crm:read'])
  const person = createPerson()
  const end = await person.answer(handshake.authorizationUrl, 'approve')
  assert.equal(end.status, 200)
  assert.match(end.text, /<html/)
  const { status, json } = await exchange(gateway, credentials, handshake.sessionId)
  assert.equal(status, 200)
  const reply = await call(gateway, String(json['access_token']), '/crm/customer/1')
  assert.equal(reply.status, 200)
  const headers = reply.json['headers'] as Record<string, string>
  assert.match(headers['authorization'] ?? '', /^Bearer mock_at_/)
  assert.ok(!person.pages.some(({ text }) => text.includes('mock_at_')))
})

test('[R76] the user who denies is not asked upstream, and the agent is told', async () => {
  const handshake = await authorize(gateway, credentials, 'crm', ['crm:read'])
  await createPerson().answer(handshake.authorizationUrl, 'deny')
  const { status, json } = await exchange(gateway, credentials, handshake.sessionId)
  assert.equal(status, 403)
  assert.equal(json['code'], 'USER_DENIED')
})

test('[R49] [R107] suspending an agent stops its tokens at once, and taking it back lets them live', async () => {
  const token = await obtain('oa', ['oa:read'])
  assert.equal((await call(gateway, token, '/oa/x')).status, 200)
  assert.equal((await admin(`/agents/${credentials.clientId}/suspend`)).status, 200)
  const stopped = await call(gateway, token, '/oa/x')
  assert.equal(stopped.status, 403)
  assert.equal(stopped.json['code'], 'AGENT_UNAPPROVED')
  assert.equal((await admin(`/agents/${credentials.clientId}/resume`)).status, 200)
  assert.equal((await call(gateway, token, '/oa/x')).status, 200)
})

test('[R107] [R110] a person ends a grant on their own page, and the next call is refused', async () => {
  const token = await obtain('oa', ['oa:read'])
  await createPerson().endAll(gateway.url)
  const refused = await call(gateway, token, '/oa/x')
  assert.equal(refused.status, 401)
  assert.equal(refused.json['code'], 'TOKEN_REVOKED')
})

test('[R67] [R82] of ten exchanges at once over the real store one gets the token', async () => {
  const handshake = await authorize(gateway, credentials, 'oa', ['oa:read'])
  await createPerson().answer(handshake.authorizationUrl, 'approve')
  const all = await Promise.all(
    Array.from({ length: 10 }, () => exchange(gateway, credentials, handshake.sessionId)),
  )
  assert.equal(all.filter(({ status }) => status === 200).length, 1)
})

test('[R34] [R66] a restart between any two steps loses nothing, and a used attestation stays used', async () => {
  const handshake = await authorize(gateway, credentials, 'oa', ['oa:read'])
  await gateway.restart()
  const person = createPerson()
  await person.answer(handshake.authorizationUrl, 'approve')
  await gateway.restart()
  const attestation = await gateway.agent.attest({ audience: `${gateway.url}/ath/token` })
  const body = {
    grant_type: 'authorization_code',
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    agent_attestation: attestation,
    code: 'x',
    ath_session_id: handshake.sessionId,
  }
  const first = await post(`${gateway.url}/ath/token`, body)
  assert.equal(first.status, 200)
  await gateway.restart()
  const token = String(first.json['access_token'])
  assert.equal((await call(gateway, token, '/oa/x')).status, 200)
  const replayed = await post(`${gateway.url}/ath/token`, body)
  assert.equal(replayed.status, 401)
  assert.equal((replayed.json['details'] as Record<string, string>)['reason'], 'replayed')
})

test('[R74] [R75] [R122] no secret lies in the data folder or the log in clear, and none is shown to agents or people', async () => {
  const token = await obtain('crm', ['crm:read'])
  const reply = await call(gateway, token, '/crm/x')
  const upstreamToken = (reply.json['headers'] as Record<string, string>)['authorization'] ?? ''
  const secrets = [token, credentials.clientSecret, upstreamToken.slice('Bearer '.length), apiKey]
  const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile(),
  )
  assert.ok(files.length >= 5)
  for (const entry of files) {
    const content = readFileSync(join(entry.parentPath, entry.name), 'latin1')
    for (const secret of secrets)
      assert.ok(!content.includes(secret), `${entry.name} holds a secret`)
  }
  const log = JSON.stringify(gateway.logs)
  for (const secret of secrets) assert.ok(!log.includes(secret))
})

test('a store that does not answer is 503 and never a yes, and the gateway says that it is not ready', async () => {
  const token = await obtain('oa', ['oa:read'])
  const other = await obtain('oa', ['oa:read'])
  assert.equal((await call(gateway, token, '/oa/x')).status, 200)
  const thief = new DatabaseSync(join(gateway.dataDir, 'sallyport.db'))
  thief.exec('ALTER TABLE tokens RENAME TO gone; ALTER TABLE audit_heads RENAME TO also_gone')
  try {
    const unknown = await call(gateway, other, '/oa/x')
    assert.equal(unknown.status, 503)
    assert.equal(unknown.json['code'], 'UNAVAILABLE')
    const revoked = await post(`${gateway.url}/ath/revoke`, {
      token: other,
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
    })
    assert.equal(revoked.status, 503)
    const ready = await ask(`${gateway.url}/health/ready`)
    assert.equal(ready.status, 503)
    assert.deepEqual(ready.json['missing'], ['store'])
    assert.equal((await ask(`${gateway.url}/health/live`)).status, 200)
  } finally {
    thief.exec('ALTER TABLE gone RENAME TO tokens; ALTER TABLE also_gone RENAME TO audit_heads')
    thief.close()
  }
  assert.equal((await call(gateway, other, '/oa/x')).status, 200)
})
