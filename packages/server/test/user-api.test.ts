import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createDidKey, type DidKey, signCredential } from '@sallyport/testing'
import { createUserProof, didKeyOf, type UserProof, userProofHeader } from '@ath-protocol/types'
import type { AuditEvent } from '../src/index.ts'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'
import { base, type Seen } from './world.ts'

type Json = Readonly<Record<string, unknown>>

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

let proofs = 0

async function prove(
  world: NineStepWorld,
  method: string,
  path: string,
  options: {
    readonly claims?: Partial<UserProof>
    readonly key?: DidKey
    readonly body?: unknown
  } = {},
): Promise<string> {
  const { signer, did } = options.key ?? world.person
  return createUserProof(signer, {
    iss: did,
    aud: world.nineStep.serverDid,
    htm: method,
    htu: path,
    iat: Math.floor(world.clock.now()),
    jti: `proof-number-${proofs++}`.padEnd(16, '0'),
    ...(options.body === undefined ? {} : { body_sha256: sha256(JSON.stringify(options.body)) }),
    ...options.claims,
  })
}

async function ask(
  world: NineStepWorld,
  method: string,
  path: string,
  options: { readonly body?: unknown; readonly key?: DidKey } = {},
): Promise<Omit<Seen, 'json'> & { readonly json: Json }> {
  const proof = await prove(world, method, path, options)
  const { body } = options
  const seen = await world.send(method, path, {
    ...(body === undefined ? {} : { body }),
    headers: { [userProofHeader]: proof },
  })
  return { ...seen, json: seen.json as unknown as Json }
}

const rowsOf = (json: Json, member: string) => json[member] as readonly Json[]
const lastEvent = (world: NineStepWorld): AuditEvent | undefined => world.events.at(-1)

async function waiting(world: NineStepWorld): Promise<void> {
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const asked = await agent.request(await world.credential(), ['oa:read', 'oa:write'])
  assert.equal(asked.status, 202, JSON.stringify(asked.json))
}

test('[U7] the inbox holds the questions that wait for whoever holds the key, as the answer must sign them', async () => {
  const world = await createNineStepWorld()
  await waiting(world)
  const { status, json } = await ask(world, 'GET', '/ath/inbox')
  assert.equal(status, 200)
  assert.equal(json['user_id'], 'usr_wang')
  assert.equal(json['user_did'], world.person.did)
  const [question] = rowsOf(json, 'requests')
  assert.ok(question)
  const consent = world.asked.at(-1)
  assert.equal(question['id'], consent?.id)
  assert.equal(question['message'], consent?.message)
  assert.equal(question['page'], `${base}/ath/confirm/${consent?.id}`)
  assert.deepEqual(
    (question['scopes'] as readonly Json[]).map(({ scope, risk }) => ({ scope, risk })),
    [
      { scope: 'oa:read', risk: 'low' },
      { scope: 'oa:write', risk: 'medium' },
    ],
  )
})

test('[U7] the inbox holds neither answered nor expired questions, nor those of others', async () => {
  const world = await createNineStepWorld()
  await waiting(world)
  const other = await createDidKey()
  await world.nineStep.userKeys.insert({
    thumbprint: other.publicKey.thumbprint,
    userId: 'usr_li',
    jwk: other.publicKey.jwk,
    label: 'other',
    createdAt: 0,
  })
  const count = async (key?: DidKey) => {
    const { json } = await ask(world, 'GET', '/ath/inbox', key ? { key } : {})
    return rowsOf(json, 'requests').length
  }
  assert.equal(await count(), 1)
  assert.equal(await count(other), 0)
  await world.answer()
  assert.equal(await count(), 0)
})

test('a person is known by a did:key of the registered key too', async () => {
  const world = await createNineStepWorld()
  const iss = await didKeyOf(world.person.publicKey)
  const proof = await prove(world, 'GET', '/ath/inbox', { claims: { iss } })
  const { status } = await world.send('GET', '/ath/inbox', {
    headers: { [userProofHeader]: proof },
  })
  assert.equal(status, 200)
})

const wrongProofs: Readonly<Record<string, [Partial<UserProof>, string]>> = {
  'for another server': [{ aud: 'https://elsewhere.example.com' }, 'proof_invalid'],
  'for another method': [{ htm: 'POST' }, 'proof_invalid'],
  'for another path': [{ htu: '/ath/credentials' }, 'proof_invalid'],
  'for another query': [{ htu: '/ath/inbox?all=1' }, 'proof_invalid'],
  'that is too old': [{ iat: -61 }, 'proof_invalid'],
  'from the future': [{ iat: 61 }, 'proof_invalid'],
  'with an id that can be guessed': [{ jti: 'short' }, 'proof_invalid'],
}
for (const [what, [claims, reason]] of Object.entries(wrongProofs))
  test(`a proof ${what} opens nothing`, async () => {
    const world = await createNineStepWorld()
    const iat = Math.floor(world.clock.now()) + (claims.iat ?? 0)
    const proof = await prove(world, 'GET', '/ath/inbox', { claims: { ...claims, iat } })
    const seen = await world.send('GET', '/ath/inbox', { headers: { [userProofHeader]: proof } })
    assert.equal(seen.status, 401)
    assert.equal(seen.json.details.reason, reason)
    assert.equal(lastEvent(world)?.event, 'request_refused')
  })

test('without a proof nobody sees or changes anything', async () => {
  const world = await createNineStepWorld()
  for (const [method, path] of [
    ['GET', '/ath/inbox'],
    ['GET', '/ath/credentials'],
    ['POST', '/ath/credentials'],
    ['DELETE', '/ath/credentials/ath_uc_x'],
  ] as const) {
    const seen = await world.send(method, path)
    assert.equal(seen.status, 401, `${method} ${path}`)
    assert.equal(seen.json.details.reason, 'proof_missing')
  }
})

test('a proof works once', async () => {
  const world = await createNineStepWorld()
  const headers = { [userProofHeader]: await prove(world, 'GET', '/ath/inbox') }
  assert.equal((await world.send('GET', '/ath/inbox', { headers })).status, 200)
  const again = await world.send('GET', '/ath/inbox', { headers })
  assert.equal(again.status, 401)
  assert.equal(again.json.details.reason, 'nonce_replayed')
})

test('a key that nobody registered, or that its owner removed, opens nothing', async () => {
  const world = await createNineStepWorld()
  const stranger = await createDidKey()
  const refused = await ask(world, 'GET', '/ath/inbox', { key: stranger })
  assert.equal(refused.status, 401)
  assert.deepEqual(refused.json['details'], { reason: 'user_key_unknown' })
  assert.match(String(refused.json['fix']), /\/me\/keys/)
  assert.equal(lastEvent(world)?.denial_reason, 'user_key_unknown')
  await world.nineStep.userKeys.remove('usr_wang', world.person.publicKey.thumbprint)
  assert.equal((await ask(world, 'GET', '/ath/inbox')).status, 401)
})

test('a proof by another key under the name of a registered one opens nothing', async () => {
  const world = await createNineStepWorld()
  const stranger = await createDidKey()
  const proof = await prove(world, 'GET', '/ath/inbox', {
    key: stranger,
    claims: { iss: world.person.did },
  })
  const seen = await world.send('GET', '/ath/inbox', { headers: { [userProofHeader]: proof } })
  assert.equal(seen.status, 401)
  assert.equal(seen.json.details.reason, 'proof_invalid')
})

test('a person who asks too often waits', async () => {
  const world = await createNineStepWorld()
  const taken: string[] = []
  Object.assign(world.ports.limits, {
    take: (what: string, key: string) => {
      taken.push(`${what} ${key}`)
      return key === 'usr_wang' ? { retryAfterSeconds: 7, limit: '1/minute' } : undefined
    },
  })
  const seen = await ask(world, 'GET', '/ath/inbox')
  assert.equal(seen.status, 429)
  assert.equal(seen.headers['retry-after'], '7')
  assert.deepEqual(taken, ['confirm_user usr_wang from 192.0.2.7', 'confirm_user usr_wang'])
})

test('whoever proves nothing waits too, by their address', async () => {
  const world = await createNineStepWorld()
  Object.assign(world.ports.limits, {
    take: (_what: string, key: string) =>
      key === 'ip 192.0.2.7' ? { retryAfterSeconds: 7, limit: '1/minute' } : undefined,
  })
  assert.equal((await world.send('GET', '/ath/inbox')).status, 429)
  const headers = { [userProofHeader]: 'nonsense' }
  assert.equal((await world.send('GET', '/ath/inbox', { headers })).status, 429)
  assert.equal((await ask(world, 'GET', '/ath/inbox', { key: await createDidKey() })).status, 429)
  assert.equal((await ask(world, 'GET', '/ath/inbox')).status, 200)
})

async function lodge(world: NineStepWorld, credential: string) {
  return ask(world, 'POST', '/ath/credentials', { body: { credential } })
}

test('[U6] a lodged credential is listed, opens a handshake, and cannot be lodged as something else', async () => {
  const world = await createNineStepWorld()
  const credential = await world.credential({ changes: { jti: 'given-ahead-1' } })
  const lodged = await lodge(world, credential)
  assert.equal(lodged.status, 201)
  assert.equal(lodged.json['id'], 'given-ahead-1')
  assert.equal(lodged.json['status'], 'live')
  assert.equal(lodged.json['made_by'], 'user')
  assert.equal(lodged.json['credential'], undefined)
  const { json } = await ask(world, 'GET', '/ath/credentials')
  assert.equal(rowsOf(json, 'credentials').length, 1)
  const other = await world.credential({
    scopes: ['crm:write'],
    changes: { jti: 'given-ahead-1' },
  })
  const again = await lodge(world, other)
  assert.equal(again.status, 401)
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  assert.equal((await agent.request(credential, ['oa:read'])).status, 202)
})

test('[U6] what another person signed is not lodged for this one', async () => {
  const world = await createNineStepWorld()
  const stranger = await createDidKey()
  const credential = await signCredential(stranger, {
    agent: world.agentKey,
    serverDid: world.nineStep.serverDid,
    scopes: ['oa:read'],
    now: world.clock.now(),
  })
  const lodged = await lodge(world, credential)
  assert.equal(lodged.status, 401)
  assert.equal((lodged.json['details'] as Json)['reason'], 'credential_key_unknown')
})

async function issue(world: NineStepWorld, changes: Json = {}) {
  return ask(world, 'POST', '/ath/credentials', {
    body: {
      client_did: world.agentKey.did,
      scopes: ['oa:read', 'oa:write'],
      ttl: 3600,
      ...changes,
    },
  })
}

test('[U6] a credential that the server made for a person opens a handshake of that agent, and of no other', async () => {
  const world = await createNineStepWorld()
  await world.ports.users.ensure({ issuer: 'login', subject: 'wang' })
  Object.assign(world.ports.users, { has: async (id: string) => id === 'usr_wang' })
  const issued = await issue(world)
  assert.equal(issued.status, 201, JSON.stringify(issued.json))
  assert.equal(issued.json['made_by'], 'gateway')
  const credential = String(issued.json['credential'])
  const recorded = world.events.find(({ event }) => event === 'credential_issued')
  assert.equal(recorded?.user_id, 'usr_wang')
  assert.ok(!JSON.stringify(world.events).includes(credential), 'no record holds it')
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  assert.equal((await agent.request(credential, ['oa:read'])).status, 202)
  const otherKey = await createDidKey()
  await world.approve(otherKey.did)
  const other = world.agent({ key: otherKey })
  await other.greet()
  await other.identify()
  const refused = await other.request(credential, ['oa:read'])
  assert.equal(refused.status, 401)
})

test('[U6] a credential made for a user who is not here any more counts for nothing', async () => {
  const world = await createNineStepWorld()
  const issued = await issue(world)
  assert.equal(issued.status, 201)
  // The test world's directory knows nobody.
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const refused = await agent.request(String(issued.json['credential']), ['oa:read'])
  assert.equal(refused.status, 401)
})

const label = 'did:ath:ai_office_assistant_001'
const wrongWishes: Readonly<Record<string, readonly [Json, number]>> = {
  'no scope': [{ scopes: [] }, 400],
  'a scope that nobody offers': [{ scopes: ['oa:fly'] }, 400],
  'longer than 90 days': [{ ttl: 90 * 86_400 + 1 }, 400],
  'no time at all': [{ ttl: 0 }, 400],
  'half a second': [{ ttl: 60.5 }, 400],
  'a name that is no DID': [{ client_did: 'https://agent.example.com' }, 400],
  'a label without a key': [{ client_did: label }, 401],
  'another key than the DID says': [{ client_thumbprint: 'A'.repeat(43) }, 401],
  'a key that is none': [{ client_pubkey: 'not a key' }, 400],
  'a private key': [
    { client_pubkey: JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd' }) },
    400,
  ],
  'a thumbprint that is none': [{ client_thumbprint: 'short' }, 400],
}
for (const [what, [changes, status]] of Object.entries(wrongWishes))
  test(`[U6] no credential is made for ${what}`, async () => {
    const world = await createNineStepWorld()
    const refused = await issue(world, changes)
    assert.equal(refused.status, status, JSON.stringify(refused.json))
    assert.equal((await world.nineStep.preAuthorizations.list('usr_wang')).length, 0)
  })

test('[U4] a label is given the key that the person names, or that an operator pinned', async () => {
  const world = await createNineStepWorld()
  const named = await issue(world, { client_did: label, client_pubkey: world.agentKey.pem })
  assert.equal(named.status, 201)
  const pinned = await createNineStepWorld({
    nineStep: {
      pinnedDids: [
        {
          did: label,
          thumbprint: world.agentKey.publicKey.thumbprint,
          name: 'Assistant',
          developer: { name: 'Blue Harbour', id: 'blue-harbour' },
        },
      ],
    },
  })
  assert.equal((await issue(pinned, { client_did: label })).status, 201)
  const wrong = await issue(pinned, { client_did: label, client_thumbprint: 'A'.repeat(43) })
  assert.equal(wrong.status, 401)
})

test('a person keeps at most a hundred live credentials', async () => {
  const world = await createNineStepWorld()
  for (let made = 0; made < 100; made++) assert.equal((await issue(world)).status, 201)
  assert.equal((await issue(world)).status, 400)
  const lodged = await lodge(world, await world.credential())
  assert.equal(lodged.status, 400)
  const [one] = await world.nineStep.preAuthorizations.list('usr_wang')
  await ask(world, 'DELETE', `/ath/credentials/${one?.id}`)
  assert.equal((await issue(world)).status, 201)
})

test('[D21] a revoked credential opens nothing, even when it was revoked before anybody saw it', async () => {
  const world = await createNineStepWorld()
  const id = 'a name / with blanks'
  const deleted = await ask(world, 'DELETE', `/ath/credentials/${encodeURIComponent(id)}`)
  assert.equal(deleted.status, 200)
  assert.deepEqual(deleted.json, { id, status: 'revoked' })
  assert.ok(world.events.some(({ event }) => event === 'credential_revoked'))
  const lodged = await lodge(world, await world.credential({ changes: { jti: id } }))
  assert.equal(lodged.status, 401)
  assert.equal((lodged.json['details'] as Json)['reason'], 'credential_revoked')
  assert.equal(
    (await ask(world, 'DELETE', `/ath/credentials/${encodeURIComponent(id)}`)).status,
    200,
  )
})

test('[D21] revoking a credential ends the session that it opened, with its permissions', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential({ changes: { jti: 'ends-with-it' } }), ['oa:read'])
  await world.answer()
  await agent.poll()
  const completed = await agent.complete()
  assert.equal(completed.status, 200, JSON.stringify(completed.json))
  const grant = (await world.ports.grants.list({ userId: 'usr_wang' }))[0]
  assert.ok(grant && grant.revokedAt === undefined)
  await ask(world, 'DELETE', '/ath/credentials/ends-with-it')
  assert.notEqual((await world.ports.grants.find(grant.id))?.revokedAt, undefined)
  const ended = world.events.find(({ event }) => event === 'session_ended')
  assert.equal(ended?.decided_by, 'user')
  const [session] = await world.nineStep.sessions.list({ userId: 'usr_wang' })
  assert.notEqual(session?.revokedAt, undefined)
})

test('[D21] a credential that is revoked while its session opens leaves no session', async () => {
  const world = await createNineStepWorld()
  const { preAuthorizations } = world.nineStep
  const use = preAuthorizations.use.bind(preAuthorizations)
  preAuthorizations.use = async (userId, id, at) => {
    const used = await use(userId, id, at)
    await ask(world, 'DELETE', '/ath/credentials/ends-with-it')
    return used
  }
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential({ changes: { jti: 'ends-with-it' } }), ['oa:read'])
  await world.answer()
  await agent.poll()
  assert.notEqual((await agent.complete()).status, 200)
  const live = { userId: 'usr_wang', liveAt: world.clock.now() }
  assert.equal((await world.nineStep.sessions.list(live)).length, 0)
  assert.equal((await world.ports.grants.list(live)).length, 0)
})

test('[D21] a person cannot revoke what another gave', async () => {
  const world = await createNineStepWorld()
  const other = await createDidKey()
  await world.nineStep.userKeys.insert({
    thumbprint: other.publicKey.thumbprint,
    userId: 'usr_li',
    jwk: other.publicKey.jwk,
    label: 'other',
    createdAt: 0,
  })
  const credential = await world.credential({ changes: { jti: 'of-wang' } })
  await lodge(world, credential)
  assert.equal((await ask(world, 'DELETE', '/ath/credentials/of-wang', { key: other })).status, 200)
  const standing = await world.nineStep.preAuthorizations.find('usr_wang', 'of-wang')
  assert.equal(standing?.revokedAt, undefined)
})

for (const encoded of ['%', '%zz', 'x'.repeat(129)])
  test(`a credential id ${encoded.slice(0, 5)} that cannot be one is refused`, async () => {
    const world = await createNineStepWorld()
    const { status } = await ask(world, 'DELETE', `/ath/credentials/${encoded}`)
    assert.equal(status, 400)
  })

test('[U7] a proof is for one body: nobody on the way puts another permission in its place', async () => {
  const world = await createNineStepWorld()
  const thief = await createDidKey()
  const wanted = (agent: DidKey) => ({ client_did: agent.did, scopes: ['oa:read'], ttl: 3600 })
  const send = async (proof: string, agent: DidKey) =>
    (
      await world.send('POST', '/ath/credentials', {
        body: wanted(agent),
        headers: { [userProofHeader]: proof },
      })
    ).status
  const signed = () => prove(world, 'POST', '/ath/credentials', { body: wanted(world.agentKey) })
  assert.equal(await send(await signed(), thief), 401)
  assert.equal(await send(await prove(world, 'POST', '/ath/credentials'), world.agentKey), 401)
  assert.equal(await send(await signed(), world.agentKey), 201)
})
