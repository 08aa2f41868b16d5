import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { type AgentHost, startAgentHost } from './agent-host.ts'
import { type Finance, startFinance } from './finance.ts'
import { ledgerSha256 } from './ledger.ts'
import { type Oa, startOa } from './oa.ts'
import { findLeaks } from './received.ts'

let oa: Oa
let finance: Finance
let agents: AgentHost

before(async () => {
  oa = await startOa({ password: 'oa-secret' })
  finance = await startFinance({ password: 'finance-secret' })
  agents = await startAgentHost()
})
after(async () => {
  await Promise.all([oa.close(), finance.close(), agents.close()])
})

async function logIn(password: string) {
  const answer = await fetch(`${oa.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ username: oa.credentials.username, password }),
  })
  return { status: answer.status, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
}

const basic = (password: string) => ({ authorization: `Basic ${btoa(`svc-gateway:${password}`)}` })

test('the OA sends everybody without a live session to its log-in page', async () => {
  const list = (cookie?: string) =>
    fetch(`${oa.url}/api/approval/list`, {
      redirect: 'manual',
      headers: cookie ? { cookie } : {},
    })
  assert.equal((await list()).headers.get('location'), '/oa/login')
  assert.equal((await logIn('wrong')).status, 401)
  const { status, cookie } = await logIn('oa-secret')
  assert.equal(status, 302)
  assert.equal((await list(cookie)).status, 200)
  oa.expireSessions()
  assert.equal((await list(cookie)).status, 302)
})

test('the OA answers XML to repeated query parameters, page by page', async () => {
  const { cookie } = await logIn('oa-secret')
  const answer = await fetch(`${oa.url}/api/approval/list?state=open&state=urgent&page=1`, {
    headers: { cookie },
  })
  assert.equal(answer.headers.get('content-type'), 'application/xml; charset=utf-8')
  const bytes = Buffer.from(await answer.arrayBuffer())
  assert.deepEqual(bytes, oa.lastAnswer())
  const xml = bytes.toString('utf8')
  assert.match(xml, /^<\?xml version="1\.0" encoding="UTF-8"\?>\r\n/)
  assert.match(xml, /<approvals page="1" total="3">/)
  assert.match(xml, /差旅报销：青岛 &lt;-&gt; 上海/)
})

test('a decision changes the approval', async () => {
  const { cookie } = await logIn('oa-secret')
  const answer = await fetch(`${oa.url}/api/approval/A-2041/decision`, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams({ decision: 'approve', comment: '同意' }),
  })
  assert.equal(answer.status, 200)
  assert.equal(oa.approval('A-2041')?.state, 'approved')
})

test('the OA hands approvals over to somebody else', async () => {
  const { cookie } = await logIn('oa-secret')
  const answer = await fetch(`${oa.url}/api/delegation`, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams({ to: 'li & co' }),
  })
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /<delegation><to>li &amp; co<\/to><\/delegation>$/)
  assert.deepEqual(oa.delegates, ['li & co'])
})

test('finance wants Basic credentials, and the right ones', async () => {
  const refused = await fetch(`${finance.url}/ledger.csv`)
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('www-authenticate'), 'Basic realm="finance"')
  const wrong = await fetch(`${finance.url}/ledger.csv`, { headers: basic('guess') })
  assert.equal(wrong.status, 401)
})

test('the ledger is 5 MB, always the same, and starts to arrive before it is all sent', async () => {
  const answer = await fetch(`${finance.url}/ledger.csv`, { headers: basic('finance-secret') })
  const hash = createHash('sha256')
  let bytes = 0
  let sentAtFirstByte: number | undefined
  for await (const chunk of answer.body ?? []) {
    sentAtFirstByte ??= finance.ledgerBytesSent()
    hash.update(chunk)
    bytes += chunk.length
  }
  assert.equal(bytes, 5_000_000)
  assert.equal(hash.digest('hex'), ledgerSha256())
  assert.ok((sentAtFirstByte ?? Infinity) < finance.ledgerBytes)
})

test('one report never answers and one breaks the connection', async () => {
  const headers = basic('finance-secret')
  await assert.rejects(
    fetch(`${finance.url}/report/slow`, { headers, signal: AbortSignal.timeout(150) }),
    { name: 'TimeoutError' },
  )
  await assert.rejects(fetch(`${finance.url}/report/broken`, { headers }), TypeError)
})

test('[R20] each agent publishes its own identity document for five minutes, without its private key', async () => {
  for (const agent of [agents.office, agents.minutes, agents.stranger]) {
    const answer = await fetch(agent.agentId)
    assert.equal(answer.headers.get('cache-control'), 'max-age=300')
    const document = (await answer.json()) as Record<string, Record<string, string>>
    assert.equal(document['agent_id'], agent.agentId)
    assert.equal(document['public_key']?.['crv'], 'P-256')
    assert.equal(document['public_key']?.['d'], undefined)
  }
  assert.equal((await fetch(`${agents.origin}/.well-known/agent.json`)).status, 404)
})

test('a leak is found wherever it hides in the head of a request', () => {
  const seen = (target: string, ...rawHeaders: string[]) => [{ method: 'GET', target, rawHeaders }]
  const secrets = ['ath_tk_secret-1', 'a.signed.attestation']
  assert.deepEqual(findLeaks(seen('/list?x=1', 'Accept', '*/*', 'Cookie', 'a=b'), secrets), [])
  assert.equal(findLeaks(seen('/list', 'Cookie', 'x=a.signed.attestation'), secrets).length, 1)
  assert.equal(findLeaks(seen('/list?t=a.signed.attestation'), secrets).length, 1)
  assert.equal(findLeaks(seen('/list', 'X-Ath-Agent-Id', 'https://a.example/'), secrets).length, 1)
  assert.notEqual(findLeaks(seen('/list', 'Authorization', 'Bearer ath_tk_other'), []).length, 0)
})
