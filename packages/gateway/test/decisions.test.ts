import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openAuditReader } from '../src/compose.ts'
import type { AuditRecord } from '../src/ports/audit-reader.ts'
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
  type Reply,
  register,
  type WholeGateway,
} from './gateway.ts'

const configure =
  (more = '') =>
  ({ upstream, agentHost }: { upstream: string; agentHost: string }) =>
    `
version: 1
agents:
  - { agent: "${agentHost}/*", allow: { crm: [crm:read, crm:write] } }
providers:
  crm:
    url: ${upstream}
    auth: { kind: mock_oauth2, user: wang }
    scopes:
      crm:read: [GET /**]
      crm:write: [POST /**]
      crm:delete: [DELETE /**]
${more}`

async function readRecords({ dataDir }: WholeGateway): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of (await openAuditReader(dataDir)).read()) records.push(record)
  return records
}

/** The records about this until there is one: some are written in the turn after the answer. */
async function untilRecorded(
  gateway: WholeGateway,
  isMeant: (record: AuditRecord) => boolean,
): Promise<AuditRecord> {
  for (;;) {
    const found = (await readRecords(gateway)).find(isMeant)
    if (found) return found
    await new Promise(setImmediate)
  }
}

async function obtain(
  gateway: WholeGateway,
  credentials: Credentials,
  scopes: readonly string[] = ['crm:read'],
): Promise<string> {
  const { authorizationUrl, sessionId } = await authorize(gateway, credentials, 'crm', scopes)
  await createPerson().answer(authorizationUrl, 'approve')
  const { status, json, text } = await exchange(gateway, credentials, sessionId)
  assert.equal(status, 200, text)
  return String(json['access_token'])
}

const asAgent = ({ clientId, clientSecret }: Credentials) => ({
  client_id: clientId,
  client_secret: clientSecret,
})

test('[R109] [R116] [R117] each of the nine events is recorded when it happens, with who, for whom, what and why', async () => {
  const gateway = await openWholeGateway(configure())
  const { agent, url } = gateway
  try {
    const credentials = await register(gateway, { crm: ['crm:read', 'crm:write', 'crm:delete'] })
    const again = await post(`${url}/ath/agents/register`, {
      agent_id: agent.agentId,
      agent_attestation: await agent.attest({ audience: url }),
      developer: { name: 'D', id: 'd' },
      requested_providers: [{ provider_id: 'crm', scopes: ['crm:read'] }],
    })
    assert.equal(again.status, 409)
    const start = (scopes: readonly string[], agent_attestation: string) =>
      post(`${url}/ath/authorize`, {
        client_id: credentials.clientId,
        agent_attestation,
        provider_id: 'crm',
        scopes,
        state: 's',
      })
    const elsewhere = await agent.attest({ audience: 'https://elsewhere.example' })
    assert.equal((await start(['crm:read'], elsewhere)).status, 401)
    const tooMuch = await start(['crm:read', 'crm:delete'], await agent.attest({ audience: url }))
    assert.equal(tooMuch.status, 403)
    const token = await obtain(gateway, credentials, ['crm:read', 'crm:write'])
    assert.equal((await call(gateway, token, '/crm/customer/1?name=secret')).status, 200)
    const refused = await call(gateway, token, '/crm/customer/1', { method: 'DELETE' })
    assert.equal(refused.status, 403)
    await post(`${url}/ath/revoke`, { ...asAgent(credentials), token })

    const records = await readRecords(gateway)
    const one = (event: AuditRecord['event']) => {
      const found = records.filter((record) => record.event === event)
      assert.equal(found.length, 1, `${event}: ${found.length}`)
      const record = found[0] as AuditRecord
      assert.match(record.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.equal(record.agent_id, agent.agentId, event)
      return record
    }
    const registered = one('agent_registered')
    assert.deepEqual(registered.requested_scopes, [
      'crm/crm:read',
      'crm/crm:write',
      'crm/crm:delete',
    ])
    assert.deepEqual(registered.effective_scopes, ['crm/crm:read', 'crm/crm:write'])
    assert.deepEqual(registered.denied_scopes, ['crm/crm:delete'])
    const unregistered = one('agent_registration_denied')
    assert.equal(unregistered.denial_reason, 'registration_exists')
    assert.deepEqual(unregistered.denied_scopes, ['crm/crm:read'])
    const failed = one('attestation_failed')
    assert.equal(failed.denial_reason, 'audience_differs')
    assert.equal(failed.client_id, credentials.clientId)
    const denied = one('access_denied')
    assert.equal(denied.provider_id, 'crm')
    assert.equal(denied.denial_reason, 'scope_not_approved_for_agent')
    assert.deepEqual(denied.requested_scopes, ['crm:read', 'crm:delete'])
    assert.deepEqual(denied.denied_scopes, ['crm:read', 'crm:delete'])
    const started = one('authorization_started')
    assert.equal(started.provider_id, 'crm')
    assert.deepEqual(started.requested_scopes, ['crm:read', 'crm:write'])
    const granted = one('access_granted')
    assert.match(granted.user_id ?? '', /^usr_/)
    assert.deepEqual(granted.effective_scopes, ['crm:read', 'crm:write'])
    assert.deepEqual(granted.denied_scopes, [])
    const proxied = one('proxy_request')
    const violation = one('scope_violation')
    const revoked = one('token_revoked')
    for (const record of [proxied, violation, revoked]) {
      assert.equal(record.user_id, granted.user_id)
      assert.equal(record.provider_id, 'crm')
      assert.equal(record.grant_id, granted.grant_id)
      assert.equal(record.token_ref, granted.token_ref)
    }
    assert.deepEqual(proxied.effective_scopes, ['crm:read'])
    assert.equal(proxied.path, '/customer/1')
    assert.deepEqual(violation.denied_scopes, ['crm:delete'])
    assert.equal(violation.denial_reason, 'scope_not_granted')
    const findings = await (await openAuditReader(gateway.dataDir)).verify()
    assert.equal(findings.fault, undefined)
  } finally {
    await gateway.close()
  }
})

test('[R116] a person’s no is recorded with what was asked and denied', async () => {
  const gateway = await openWholeGateway(configure())
  try {
    const credentials = await register(gateway, { crm: ['crm:read'] })
    const { authorizationUrl } = await authorize(gateway, credentials, 'crm', ['crm:read'])
    await createPerson().answer(authorizationUrl, 'deny')
    const no = await untilRecorded(gateway, ({ event }) => event === 'consent_denied')
    assert.equal(no.agent_id, gateway.agent.agentId)
    assert.match(no.user_id ?? '', /^usr_/)
    assert.deepEqual(no.denied_scopes, ['crm:read'])
    assert.equal(no.denial_reason, 'user_denied')
  } finally {
    await gateway.close()
  }
})

describe('however a grant ends, the provider’s token is given back and the next call is refused', () => {
  let gateway: WholeGateway
  let credentials: Credentials
  before(async () => {
    gateway = await openWholeGateway(configure())
    credentials = await register(gateway, { crm: ['crm:read'] })
  })
  after(() => gateway.close())

  const endings: Readonly<Record<string, (token: string, grantId: string) => Promise<unknown>>> = {
    'the agent revokes its token': (token) =>
      post(`${gateway.url}/ath/revoke`, { ...asAgent(credentials), token }),
    'the person ends it on their page': () => createPerson().endAll(gateway.url),
    'an operator ends it': (_, grantId) => operate(gateway, `/grants/${grantId}/revoke`),
    // Last: nothing is approved after it.
    'an operator denies the agent': () =>
      operate(gateway, `/agents/${credentials.clientId}/deny`, { because: 'gone bad' }),
  }
  for (const [name, end] of Object.entries(endings))
    test(`[R107] [R110] ${name}`, async () => {
      const token = await obtain(gateway, credentials)
      const first = await call(gateway, token, '/crm/x')
      assert.equal(first.status, 200)
      const used = (first.json['headers'] as Record<string, string>)['authorization'] ?? ''
      assert.match(used, /^Bearer mock_at_/)
      const { grant_id: grantId } = (await readRecords(gateway)).findLast(
        ({ event }) => event === 'access_granted',
      ) as AuditRecord
      await end(token, grantId ?? '')
      const seen = gateway.upstream.seen.length
      const refused = await call(gateway, token, '/crm/x')
      assert.ok([401, 403].includes(refused.status), refused.text)
      assert.equal(gateway.upstream.seen.length, seen)
      const given = await untilRecorded(
        gateway,
        ({ event, grant_id }) => event === 'upstream_token_revoked' && grant_id === grantId,
      )
      assert.equal(given.outcome, 'allowed')
      assert.ok(
        (await readRecords(gateway)).some(
          ({ event, grant_id }) => event === 'token_revoked' && grant_id === grantId,
        ),
      )
    })
})

test('[R119] registration, authorization, token and status are limited, each told with 429 and Retry-After', async () => {
  const gateway = await openWholeGateway(
    configure(`
limits:
  register_ip: 3/hour
  register_agent: 1/hour
  authorize_client: 2/hour
  token_client: 2/hour
  status_ip: 2/hour
`),
  )
  const { url, agent } = gateway
  const limited = (reply: Reply) => {
    assert.equal(reply.status, 429, reply.text)
    assert.equal(reply.json['code'], 'RATE_LIMITED')
    const wait = Number(reply.headers.get('retry-after'))
    assert.ok(wait >= 1 && wait <= 3600 && Number.isInteger(wait), `${wait}`)
  }
  const registration = async () =>
    post(`${url}/ath/agents/register`, {
      agent_id: agent.agentId,
      agent_attestation: await agent.attest({ audience: url }),
      developer: { name: 'D', id: 'd' },
      requested_providers: [{ provider_id: 'crm', scopes: ['crm:read'] }],
    })
  try {
    const credentials = await register(gateway, { crm: ['crm:read'] })
    limited(await registration())
    // Two of the address's three are used; the third may still be wrong, the fourth is not looked at.
    assert.equal((await post(`${url}/ath/agents/register`, {})).status, 400)
    limited(await post(`${url}/ath/agents/register`, {}))

    await authorize(gateway, credentials, 'crm', ['crm:read'])
    const { sessionId } = await authorize(gateway, credentials, 'crm', ['crm:read'])
    limited(
      await post(`${url}/ath/authorize`, {
        client_id: credentials.clientId,
        agent_attestation: 'not even looked at',
        provider_id: 'crm',
        scopes: ['crm:read'],
        state: 's',
      }),
    )
    for (const _ of [1, 2])
      assert.equal((await exchange(gateway, credentials, sessionId)).status, 400)
    limited(await exchange(gateway, credentials, sessionId))

    for (const _ of [1, 2])
      assert.equal((await ask(`${url}/ath/agents/${credentials.clientId}`)).status, 401)
    limited(await ask(`${url}/ath/agents/${credentials.clientId}`))
  } finally {
    await gateway.close()
  }
})

test('[R118] [R120] a running gateway raises an alert for repeated violations, suspends the agent, and it stays out', async () => {
  const gateway = await openWholeGateway(
    configure(`
alerts:
  scope_violation: 3/hour
  attestation_failed: 2/hour
  suspend: true
`),
  )
  const { url, agent } = gateway
  try {
    const credentials = await register(gateway, { crm: ['crm:read'] })
    const token = await obtain(gateway, credentials)
    const elsewhere = () => agent.attest({ audience: 'https://elsewhere.example' })
    for (const _ of [1, 2])
      await post(`${url}/ath/authorize`, {
        client_id: credentials.clientId,
        agent_attestation: await elsewhere(),
        provider_id: 'crm',
        scopes: ['crm:read'],
        state: 's',
      })
    const alert = await untilRecorded(gateway, ({ event }) => event === 'alert_raised')
    assert.equal(alert.denial_reason, 'attestation_failed')
    // Anybody can send broken attestations in its name: that alone suspends nobody.
    assert.equal((await call(gateway, token, '/crm/x')).status, 200)
    for (const _ of [1, 2, 3])
      assert.equal((await call(gateway, token, '/crm/x', { method: 'DELETE' })).status, 403)
    const suspended = await untilRecorded(gateway, ({ event }) => event === 'agent_suspended')
    assert.equal(suspended.client_id, credentials.clientId)
    const out = await call(gateway, token, '/crm/x')
    assert.equal(out.status, 403)
    assert.equal(out.json['code'], 'AGENT_UNAPPROVED')
    assert.equal(gateway.logs.filter(({ event }) => event === 'alert_raised').length, 2)
    await gateway.restart()
    assert.equal((await call(gateway, token, '/crm/x')).json['code'], 'AGENT_UNAPPROVED')
  } finally {
    await gateway.close()
  }
})
