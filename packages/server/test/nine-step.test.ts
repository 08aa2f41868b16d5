import assert from 'node:assert/strict'
import test from 'node:test'
import { createDidKey, type NineStepAgent } from '@sallyport/testing'
import { didKeyOf, importJwk, readAccessToken } from '@ath-protocol/types'
import { sessionTokenHash } from '../src/secret/hash.ts'
import { base } from './world.ts'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'

const scopes = ['oa:read', 'crm:write']

test('[D1] [D8] [D9] [D11] [D17] nine steps lead from two DIDs to a session with an access token', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()

  const greeted = await agent.greet()
  assert.equal(greeted.status, 200)
  assert.equal(greeted.json['version'], '0.1')
  assert.deepEqual(greeted.json['capabilities'], ['ES256', 'TLS1.3', 'ATH-HS-JWS'])
  assert.equal(greeted.json['server_did'], world.nineStep.serverDid)

  const identified = await agent.identify()
  assert.equal(identified.json['success'], true)
  assert.deepEqual(identified.json['metadata'], {
    scopes_supported: ['oa:read', 'oa:write', 'crm:write', 'crm:erase'],
    token_max_ttl: 28_800,
    require_user_confirmation: true,
    endpoints: { oa: `${base}/ath/proxy/oa`, crm: `${base}/ath/proxy/crm` },
  })

  const pending = await agent.request(await world.credential(), scopes)
  assert.equal(pending.status, 202)
  assert.equal(pending.json['type'], 'authorization_pending')
  const question = world.asked.at(-1)
  assert.ok(question)
  assert.equal(question.userId, 'usr_wang')
  // The agent learns how to speak of the question, not where it is answered (D14).
  assert.ok(!JSON.stringify(pending.json).includes(question.id))
  assert.equal((await agent.poll()).status, 202)

  assert.ok((await world.answer()).ok)
  const result = await agent.poll()
  assert.deepEqual(result.json['scopes_granted'], scopes)
  assert.deepEqual(result.json['scopes_denied'], [])
  assert.equal(result.json['ttl_granted'], 28_800)
  assert.deepEqual(result.json['restrictions'], {
    by_provider: { oa: [{ access_time: '9:00-18:00' }] },
  })

  const completed = await agent.complete()
  assert.equal(completed.status, 200, JSON.stringify(completed.json))
  assert.equal(completed.json['expires_in'], 3600)
  const token = await readAccessToken(
    String(completed.json['access_token']),
    { issuer: base },
    world.nineStep.tokenKey.publicKey,
  )
  assert.ok(token.ok)
  assert.equal(token.value.scope, scopes.join(' '))
  assert.deepEqual(token.value.ath_provider, ['oa', 'crm'])
  assert.equal(token.value.sub, 'usr_wang')
  assert.equal(token.value.cnf.jkt, world.agentKey.publicKey.thumbprint)
  assert.equal(token.value.sid, completed.json['session_id'])
  for (const [provider, scope] of [
    ['oa', 'oa:read'],
    ['crm', 'write'],
  ] as const) {
    const record = await world.ports.tokens.find(sessionTokenHash(token.value.jti, provider))
    assert.deepEqual(record?.scopes, [scope])
    const grant = await world.ports.grants.find(record?.grantId ?? '')
    assert.equal(grant?.sessionId, token.value.sid)
    assert.equal(grant?.expiresAt, world.clock.now() + 28_800)
  }
  assert.deepEqual(
    world.events.map(({ event }) => event),
    [
      'handshake_started',
      'identity_proven',
      'authorization_started',
      'consent_given',
      'session_opened',
    ],
  )
})

test('[U11] EdDSA is negotiated when it is all that the client has', async () => {
  const world = await createNineStepWorld({ agentAlg: 'EdDSA' })
  const agent = world.agent()
  await world.upToGranted(agent)
  const completed = await agent.complete()
  assert.equal(completed.status, 200, JSON.stringify(completed.json))
})

test('[U11] an Ed25519 key gets in although its owner also offers ES256', async () => {
  const world = await createNineStepWorld({ agentAlg: 'EdDSA' })
  const agent = world.agent({ capabilities: ['ES256', 'EdDSA', 'ATH-HS-JWS'] })
  const greeted = await agent.greet()
  assert.deepEqual(greeted.json['capabilities'], ['EdDSA', 'ATH-HS-JWS'])
  assert.equal((await agent.identify()).status, 200)
})

test('[U8] [U10] both sides of an encrypted session hold the same keys', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent({ capabilities: ['ES256', 'ATH-HS-JWS', 'ATH-ENC'] })
  await world.upToGranted(agent)
  const { json } = await agent.complete()
  const session = await world.nineStep.sessions.find(String(json['session_id']))
  assert.deepEqual(session?.keys, agent.sessionKeys)
})

const refusals: readonly {
  readonly name: string
  readonly send: (world: NineStepWorld, agent: NineStepAgent) => Promise<unknown>
  readonly status: number
  readonly code: string
  readonly reason?: string
}[] = [
  {
    name: '[U1] a client that would sign bare nonces',
    send: (_, agent) => agent.greet({ capabilities: ['ES256', 'TLS1.3'] }),
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'bare_nonce',
  },
  {
    name: '[U2] a nonce with a dot',
    send: (_, agent) => agent.greet({ nonce: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIi' }),
    status: 400,
    code: 'INVALID_REQUEST',
  },
  {
    name: '[U2] a nonce of less than 128 bits',
    send: (_, agent) => agent.greet({ nonce: 'random_abc123' }),
    status: 400,
    code: 'INVALID_REQUEST',
  },
  {
    name: '[U11] an unknown version',
    send: (_, agent) => agent.greet({ versions: ['0.2', '1.0'] }),
    status: 400,
    code: 'UNSUPPORTED_VERSION',
    reason: 'version_unsupported',
  },
  {
    name: '[U11] no common algorithm',
    send: (_, agent) => agent.greet({ capabilities: ['RS256', 'ATH-HS-JWS'] }),
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'algorithm_unsupported',
  },
  {
    name: '[D5] a greeting of 301 seconds ago',
    send: (world, agent) => agent.greet({ timestamp: Math.floor(world.clock.now()) - 301 }),
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'timestamp_outside_window',
  },
  {
    name: '[D5] a greeting from the future',
    send: (world, agent) => agent.greet({ timestamp: Math.floor(world.clock.now()) + 301 }),
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'timestamp_outside_window',
  },
  {
    name: '[U4] a DID of another key',
    send: async (_, agent) => agent.greet({ client_did: (await createDidKey()).did }),
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'key_not_of_did',
  },
  {
    name: '[U4] what is no DID',
    send: (_, agent) => agent.greet({ client_did: 'did:ath:a b' }),
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'did_malformed',
  },
  {
    name: '[U4] a DID method nobody knows here',
    send: (_, agent) => agent.greet({ client_did: 'did:example:123' }),
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'did_malformed',
  },
  {
    name: '[U2] a replayed greeting',
    send: async (_, agent) => {
      const nonce = 'c2FtZS1ub25jZS1hcy1iZWZvcmU'
      await agent.greet({ nonce })
      return agent.greet({ nonce })
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'nonce_replayed',
  },
  {
    name: '[D11] an identity proof by another key',
    send: async (_, agent) => {
      await agent.greet()
      return agent.identify({}, (await createDidKey()).signer)
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'signature_wrong',
  },
  {
    name: '[U1] an identity proof of another handshake',
    send: async (world, agent) => {
      await agent.greet()
      const other = world.agent()
      await other.greet()
      const proof = await other.proof()
      return world.send('POST', '/ath/handshake', {
        body: { ...proof, handshake_id: agent.handshakeId },
      })
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'signature_wrong',
  },
  {
    name: '[U1] [U11] a greeting whose capabilities were changed on the way',
    send: async (world, agent) => {
      const sent = agent.greeting()
      const changed = { ...sent, capabilities: ['ES256', 'ATH-HS-JWS'] }
      const { json } = await world.send('POST', '/ath/handshake', { body: changed })
      const { canonicalOf } = await import('@sallyport/testing')
      agent.transcript.m1 = canonicalOf(sent)
      agent.transcript.m2 = canonicalOf(json)
      agent.handshakeId = (json as unknown as { handshake_id: string }).handshake_id
      return agent.identify()
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'signature_wrong',
  },
  {
    name: '[U2] a proof with a timestamp before the greeting',
    send: async (world, agent) => {
      await agent.greet()
      return agent.identify({ timestamp: Math.floor(world.clock.now()) - 1 })
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'timestamp_decreasing',
  },
  {
    name: '[U12] an unknown handshake',
    send: async (_, agent) => {
      await agent.greet()
      agent.handshakeId = 'ath_hs_unknown'
      return agent.identify()
    },
    status: 404,
    code: 'SESSION_NOT_FOUND',
  },
  {
    name: '[U3] a handshake that took longer than ten minutes',
    send: async (world, agent) => {
      await agent.greet()
      world.clock.advance(600)
      return agent.identify()
    },
    status: 408,
    code: 'SESSION_EXPIRED',
    reason: 'expired',
  },
  {
    name: '[U3] a replayed identity proof',
    send: async (world, agent) => {
      await agent.greet()
      const body = await agent.proof()
      await world.send('POST', '/ath/handshake', { body })
      return world.send('POST', '/ath/handshake', { body })
    },
    status: 409,
    code: 'CONFLICT',
    reason: 'out_of_order',
  },
  {
    name: '[U3] a scope request before the identity proof',
    send: async (world, agent) => {
      await agent.greet()
      return agent.request(await world.credential(), scopes)
    },
    status: 409,
    code: 'CONFLICT',
    reason: 'out_of_order',
  },
  {
    name: '[U3] a completion before anybody agreed',
    send: async (world, agent) => {
      await agent.greet()
      await agent.identify()
      await agent.request(await world.credential(), scopes)
      agent.transcript.m8 = '{}'
      return agent.complete()
    },
    status: 409,
    code: 'CONFLICT',
    reason: 'out_of_order',
  },
  {
    name: '[U5] a key that nobody approved',
    send: async (world) => {
      const stranger = world.agent({ key: await createDidKey() })
      await stranger.greet()
      return stranger.identify()
    },
    status: 403,
    code: 'AGENT_NOT_REGISTERED',
    reason: 'agent_did_unknown',
  },
  {
    name: '[U4] a label that nobody pinned',
    send: async (world) => {
      const stranger = world.agent({ did: 'did:ath:ai_office_assistant_001' })
      await stranger.greet()
      return stranger.identify()
    },
    status: 403,
    code: 'AGENT_NOT_REGISTERED',
    reason: 'did_label_not_pinned',
  },
  {
    name: '[U4] a pinned label with another key',
    send: async (world) => {
      const { thumbprint } = (await createDidKey()).publicKey
      await world.approve('did:ath:office', { keyThumbprint: thumbprint, clientId: 'ath_office' })
      const stranger = world.agent({ did: 'did:ath:office' })
      await stranger.greet()
      return stranger.identify()
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'key_not_of_did',
  },
  {
    name: '[U6] a presentation signed by another key',
    send: async (world, agent) => {
      await agent.greet()
      await agent.identify()
      const { signer } = await createDidKey()
      return agent.request(await world.credential(), scopes, {}, signer)
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'signature_wrong',
  },
  {
    name: '[U6] scopes that were changed after the client signed them',
    send: async (world, agent) => {
      await agent.greet()
      await agent.identify()
      const body = await agent.scopeRequest(await world.credential(), ['oa:read'])
      return world.send('POST', '/ath/handshake', { body: { ...body, scopes: ['crm:write'] } })
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'signature_wrong',
  },
  ...(
    [
      ['forged', 'credential_signature_wrong', async () => ({ forged: true })],
      [
        'for another client',
        'credential_of_other_client',
        async () => ({ clientDid: 'did:ath:x' }),
      ],
      [
        'for another server',
        'credential_audience_differs',
        async () => ({ serverDid: 'did:ath:y' }),
      ],
      ['for another key', 'credential_key_differs', async () => ({ other: true })],
      ['of two days ago', 'credential_expired', async () => ({ early: 172_800 })],
      ['from the future', 'credential_not_yet_valid', async () => ({ early: -3600 })],
    ] as const
  ).map(([what, reason, make]) => ({
    name: `[U6] [D12] a credential ${what}`,
    send: async (world: NineStepWorld, agent: NineStepAgent) => {
      const how: {
        forged?: boolean
        other?: boolean
        early?: number
        clientDid?: string
        serverDid?: string
      } = await make()
      await agent.greet()
      await agent.identify()
      const credential = await world.credential({
        now: world.clock.now() - (how.early ?? 0),
        ...(how.other ? { agent: await createDidKey(), clientDid: agent.did } : {}),
        ...(how.clientDid ? { clientDid: how.clientDid } : {}),
        ...(how.serverDid ? { serverDid: how.serverDid } : {}),
      })
      const [head, body, mark = ''] = credential.split('.')
      const flipped = `${head}.${body}.${mark.startsWith('A') ? 'B' : 'A'}${mark.slice(1)}`
      return agent.request(how.forged ? flipped : credential, ['oa:read'])
    },
    status: 401,
    code: 'INVALID_CREDENTIAL',
    reason,
  })),
  {
    name: '[U6] a credential of somebody nobody knows here',
    send: async (world, agent) => {
      await agent.greet()
      await agent.identify()
      const stranger = await createDidKey()
      const { signCredential } = await import('@sallyport/testing')
      const credential = await signCredential(stranger, {
        agent: world.agentKey,
        serverDid: world.nineStep.serverDid,
        scopes,
        now: world.clock.now(),
      })
      return agent.request(credential, scopes)
    },
    status: 401,
    code: 'INVALID_CREDENTIAL',
    reason: 'credential_key_unknown',
  },
  {
    name: '[U3] a poll without the key',
    send: async (world, agent) => {
      await agent.greet()
      await agent.identify()
      await agent.request(await world.credential(), scopes)
      return agent.poll({})
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'proof_missing',
  },
  {
    name: '[U3] a poll after the time to answer has passed',
    send: async (world, agent) => {
      await agent.greet()
      await agent.identify()
      await agent.request(await world.credential(), scopes)
      world.clock.advance(301)
      return agent.poll()
    },
    status: 408,
    code: 'SESSION_EXPIRED',
    reason: 'expired',
  },
  {
    name: '[U8] a key share that is not on the curve',
    send: async (world, agent) => {
      await world.upToGranted(agent)
      const one = Buffer.alloc(32, 1).toString('base64url')
      return agent.complete({
        key_exchange_params: { kty: 'EC', crv: 'P-256', x: one, y: one },
      })
    },
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'key_share_malformed',
  },
  {
    name: '[U8] an unknown key agreement',
    send: async (world, agent) => {
      await world.upToGranted(agent)
      return agent.complete({ key_exchange_alg: 'DH-1024' })
    },
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'key_exchange_unsupported',
  },
  {
    name: '[U8] an unknown cipher',
    send: async (world, agent) => {
      await world.upToGranted(agent)
      return agent.complete({ cipher_suite: 'RC4' })
    },
    status: 400,
    code: 'INVALID_REQUEST',
    reason: 'cipher_unsupported',
  },
  {
    name: '[U8] a completion signed by another key',
    send: async (world, agent) => {
      await world.upToGranted(agent)
      return agent.complete({}, (await createDidKey()).signer)
    },
    status: 401,
    code: 'INVALID_ATTESTATION',
    reason: 'signature_wrong',
  },
  {
    name: '[D12] a credential that was revoked while the person was asked',
    send: async (world, agent) => {
      await world.upToGranted(agent)
      const [authorization] = await world.nineStep.preAuthorizations.list('usr_wang')
      assert.ok(authorization)
      await world.nineStep.preAuthorizations.revoke('usr_wang', authorization.id, world.clock.now())
      return agent.complete()
    },
    status: 401,
    code: 'INVALID_CREDENTIAL',
    reason: 'credential_revoked',
  },
]

for (const { name, send, status, code, reason } of refusals)
  test(`${name} is refused with ${status} ${code}`, async () => {
    const world = await createNineStepWorld()
    const answer = (await send(world, world.agent())) as {
      status: number
      json: { code: string; details?: { reason?: string }; type: string }
    }
    assert.equal(answer.status, status, JSON.stringify(answer.json))
    assert.equal(answer.json.code, code)
    if (reason) assert.equal(answer.json.details?.reason, reason)
    assert.ok(['error', 'identity_result'].includes(answer.json.type))
    // Nothing is refused without a record, and nothing was given.
    assert.notEqual(world.events.at(-1)?.outcome, 'allowed')
    assert.deepEqual(
      await world.ports.grants
        .list({ userId: 'usr_wang' })
        .then((all) => all.filter(({ sessionId }) => sessionId)),
      [],
    )
  })

test('[U3] a message that was refused ends its handshake', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify({}, (await createDidKey()).signer)
  const again = await agent.identify()
  assert.equal(again.status, 409)
  assert.equal((await world.nineStep.handshakes.find(agent.handshakeId))?.state, 'failed')
})

test('[U14] a denial is a result with nothing granted, and the handshake is over', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential(), scopes)
  assert.ok((await world.answer({ approved: false })).ok)
  const { status, json } = await agent.poll()
  assert.equal(status, 200)
  assert.deepEqual(json['scopes_granted'], [])
  assert.equal(json['ttl_granted'], 0)
  assert.deepEqual(json['scopes_denied'], [
    { scope: 'oa:read', reason: 'not_confirmed_by_user' },
    { scope: 'crm:write', reason: 'not_confirmed_by_user' },
  ])
  assert.equal((await agent.complete()).status, 409)
})

test('[U14] [D16] what is granted is what everybody allows, with the reason for the rest', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential(), ['oa:read', 'oa:write', 'crm:erase', 'hr:read'])
  const offered = world.asked.at(-1)?.offered.map(({ name }) => name)
  assert.deepEqual(offered, ['oa:read', 'oa:write'])
  assert.ok((await world.answer({ scopes: [{ providerId: 'oa', name: 'oa:read' }] })).ok)
  const { json } = await agent.poll()
  assert.deepEqual(json['scopes_granted'], ['oa:read'])
  assert.deepEqual(json['scopes_denied'], [
    { scope: 'oa:write', reason: 'not_confirmed_by_user' },
    { scope: 'crm:erase', reason: 'not_in_user_credential' },
    { scope: 'hr:read', reason: 'not_supported' },
  ])
})

test('[U14] nobody is asked when nothing could be allowed', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const { status, json } = await agent.request(await world.credential(), ['hr:read'])
  assert.equal(status, 200)
  assert.deepEqual(json['scopes_granted'], [])
  assert.equal(world.asked.length, 0)
})

test('[D15] a person can give less time than was asked', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential(), ['oa:read'])
  assert.ok((await world.answer({ lifetimeSeconds: 600 })).ok)
  assert.equal((await agent.poll()).json['ttl_granted'], 600)
  const { json } = await agent.complete()
  assert.equal(json['expires_in'], 600)
})

for (const [name, answer, reason] of [
  ['by another person', { userId: 'usr_zhou' }, 'consent_of_other_user'],
  ['wider than asked', { scopes: [{ providerId: 'crm', name: 'erase' }] }, 'confirmation_too_wide'],
  ['for longer than asked', { lifetimeSeconds: 28_801 }, 'confirmation_too_wide'],
  ['in a chat for what is not of low risk', { method: 'chat:slack' }, 'confirmation_too_weak'],
] as const)
  test(`[D15] an answer ${name} counts for nothing`, async () => {
    const world = await createNineStepWorld()
    const agent = world.agent()
    await agent.greet()
    await agent.identify()
    await agent.request(await world.credential(), ['oa:read', 'oa:write'])
    const answered = await world.answer(answer)
    assert.equal(answered.ok, false)
    assert.equal(!answered.ok && answered.error.reason, reason)
    assert.equal((await agent.poll()).status, 202)
    assert.equal(world.events.at(-1)?.denial_reason, reason)
  })

test('[D15] the first answer stands: a second one, whatever it says, changes nothing', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential(), ['oa:read'])
  assert.ok((await world.answer({ approved: false })).ok)
  const second = await world.answer()
  assert.equal(!second.ok && second.error.reason, 'handshake_message')
  assert.deepEqual((await agent.poll()).json['scopes_granted'], [])
})

test('[D19] what is of high risk needs a passkey', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  await agent.request(await world.credential({ scopes: ['crm:erase'] }), ['crm:erase'])
  for (const method of ['session', 'key', 'chat:slack'] as const) {
    const weak = await world.answer({ method })
    assert.deepEqual(!weak.ok && weak.error, { reason: 'confirmation_too_weak', needs: 'passkey' })
  }
  assert.ok((await world.answer({ method: 'passkey' })).ok)
  assert.deepEqual((await agent.poll()).json['scopes_granted'], ['crm:erase'])
})

test('[D13] a credential of the user’s own key stands for them only where the policy says so', async () => {
  const world = await createNineStepWorld({ nineStep: { confirmation: 'unless_covered' } })
  const agent = world.agent()
  await agent.greet()
  assert.equal(
    (await agent.identify()).json['metadata'] &&
      (await world.nineStep.handshakes.find(agent.handshakeId))?.state,
    'identified',
  )
  const { status, json } = await agent.request(await world.credential(), ['oa:read'])
  assert.equal(status, 200)
  assert.deepEqual(json['scopes_granted'], ['oa:read'])
  assert.equal(world.asked.length, 0)
  assert.equal((await agent.complete()).status, 200)

  const risky = world.agent()
  await risky.greet()
  await risky.identify()
  const asked = await risky.request(await world.credential({ scopes: ['crm:erase'] }), [
    'crm:erase',
  ])
  assert.equal(asked.status, 202)
})

test('[D21] a credential that is good once opens one session', async () => {
  const world = await createNineStepWorld()
  const credential = await world.credential({ oneTime: true })
  const agents = [world.agent(), world.agent()]
  for (const agent of agents) {
    await agent.greet()
    await agent.identify()
    assert.equal((await agent.request(credential, ['oa:read'])).status, 202)
    assert.ok((await world.answer()).ok)
    await agent.poll()
  }
  const [first, second] = await Promise.all(agents.map((agent) => agent.complete()))
  assert.deepEqual(
    [first?.status, second?.status].toSorted((a = 0, b = 0) => a - b),
    [200, 401],
  )
  const third = world.agent()
  await third.greet()
  await third.identify()
  const refused = await third.request(credential, ['oa:read'])
  assert.equal((refused.json['details'] as { reason: string }).reason, 'credential_used')
})

test('[U3] of two last messages at once one opens a session', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await world.upToGranted(agent)
  const answers = await Promise.all([agent.complete(), agent.complete()])
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  )
  assert.equal((await world.nineStep.sessions.list({ userId: 'usr_wang' })).length, 1)
})

test('[U5] an attestation of a registered agent brings its approval to a DID', async () => {
  const world = await createNineStepWorld()
  const httpAgent = await world.addAgent('https://travel.agents.example.com/.well-known/agent.json')
  await world.approve(httpAgent.agentId, { clientId: 'ath_travel' })
  const key = await createDidKey()
  const jwt = (boundKey: string) =>
    httpAgent.attest({ audience: `${base}/ath/handshake`, boundKey })
  const agent = world.agent({ key })
  await agent.greet()
  const { status, json } = await agent.identify({
    credentials: [{ type: 'ath_attestation', jwt: await jwt(key.publicKey.thumbprint) }],
  })
  assert.equal(status, 200, JSON.stringify(json))
  assert.equal(
    (await world.nineStep.handshakes.find(agent.handshakeId))?.agentId,
    httpAgent.agentId,
  )

  const thief = world.agent({ key: await createDidKey() })
  await thief.greet()
  const refused = await thief.identify({
    credentials: [{ type: 'ath_attestation', jwt: await jwt(key.publicKey.thumbprint) }],
  })
  assert.equal(refused.status, 401)
  assert.equal((refused.json['details'] as { reason: string }).reason, 'attestation_key_differs')
})

test('[U4] did:key and did:web are taken, the web’s only with a key of its document', async () => {
  const world = await createNineStepWorld({
    dids: {
      fetch: async (url) => ({
        ok: true,
        value: {
          id: 'did:web:agents.example.com',
          authentication: [
            {
              controller: 'did:web:agents.example.com',
              publicKeyJwk: documents.get(url.href),
            },
          ],
        },
      }),
    },
  })
  const documents = new Map<string, unknown>([
    ['https://agents.example.com/.well-known/did.json', world.agentKey.publicKey.jwk],
  ])
  const didKey = await didKeyOf(world.agentKey.publicKey)
  await world.approve(didKey, { clientId: 'ath_key' })
  await world.approve('did:web:agents.example.com', { clientId: 'ath_web' })
  for (const did of [didKey, 'did:web:agents.example.com']) {
    const agent = world.agent({ did })
    await agent.greet()
    const identified = await agent.identify()
    assert.equal(identified.status, 200, `${did} ${JSON.stringify(identified.json)}`)
  }
  documents.set(
    'https://agents.example.com/.well-known/did.json',
    (await createDidKey()).publicKey.jwk,
  )
  const agent = world.agent({ did: 'did:web:agents.example.com' })
  await agent.greet()
  assert.equal((await agent.identify()).status, 401)
})

test('[U4] a label of the configuration gets in with its key, by a rule that names it', async () => {
  const key = await createDidKey()
  const did = 'did:ath:ai_office_assistant_001'
  const pin = {
    did,
    thumbprint: key.publicKey.thumbprint,
    name: 'AI Office Assistant',
    developer: { name: 'Blue Harbour', id: 'blue-harbour' },
  }
  const world = await createNineStepWorld({
    nineStep: { pinnedDids: [pin] },
    config: {
      approvalRules: [
        {
          name: 'office',
          match: { agent: did },
          decide: 'approve',
          allow: { oa: ['oa:read'] },
          restrictions: { ip_whitelist: ['10.0.0.0/8'] },
        },
      ],
    },
  })
  const agent = world.agent({ key, did })
  await agent.greet()
  assert.equal((await agent.identify()).status, 200)
  const registration = await world.ports.registry.findByAgentId(did)
  assert.equal(registration?.name, 'AI Office Assistant')
  assert.equal(registration?.decidedBy, 'rule:office')
  assert.deepEqual(registration?.restrictions, { ip_whitelist: ['10.0.0.0/8'] })

  const imposter = world.agent({ key: await createDidKey(), did })
  await imposter.greet()
  assert.equal((await imposter.identify()).status, 401)
})

test('[U9] a token is renewed by whoever holds the key, until the session ends', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await world.upToGranted(agent)
  const first = await agent.complete()
  world.clock.advance(3000)
  const renewed = await agent.sessionRequest('token_refresh')
  assert.equal(renewed.status, 200, JSON.stringify(renewed.json))
  assert.notEqual(renewed.json['access_token'], first.json['access_token'])

  const thief = await agent.sessionRequest('token_refresh', {}, (await createDidKey()).signer)
  assert.equal(thief.status, 401)
  const nonce = 'bm9uY2Utb2YtYS1yZWZyZXNoLTE'
  assert.equal((await agent.sessionRequest('token_refresh', { nonce })).status, 200)
  const replayed = await agent.sessionRequest('token_refresh', { nonce })
  assert.equal((replayed.json['details'] as { reason: string }).reason, 'nonce_replayed')

  assert.equal((await agent.sessionRequest('session_end')).status, 200)
  const over = await agent.sessionRequest('token_refresh')
  assert.equal(over.status, 401)
  assert.equal(over.json['code'], 'TOKEN_REVOKED')
  assert.equal(world.live.filter((change) => change.startsWith('grant')).length, 1)
})

test('[U9] no token outlives its session, and a suspended agent gets none', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await world.upToGranted(agent)
  await agent.complete()
  world.clock.advance(28_700)
  const late = await agent.sessionRequest('token_refresh')
  assert.equal(late.json['expires_in'], 100)
  const registration = await world.ports.registry.findByAgentId(agent.did)
  await world.ports.registry.update(registration?.clientId ?? '', { status: 'suspended' })
  assert.equal((await agent.sessionRequest('token_refresh')).status, 403)
  await world.ports.registry.update(registration?.clientId ?? '', { status: 'approved' })
  world.clock.advance(101)
  assert.equal((await agent.sessionRequest('token_refresh')).status, 401)
})

test('[U4] the server’s DID document and discovery name the key that signs', async () => {
  const world = await createNineStepWorld()
  const { serverDid, handshakeKey } = world.nineStep
  const document = await world.send('GET', `/ath/did/${encodeURIComponent(serverDid)}`)
  const [method] = (document.json as unknown as { verificationMethod: { publicKeyJwk: unknown }[] })
    .verificationMethod
  const key = await importJwk(method?.publicKeyJwk)
  assert.equal(key.ok && key.value.thumbprint, handshakeKey.publicKey.thumbprint)
  assert.equal((await world.send('GET', '/ath/did/did:ath:somebody')).status, 404)
  const discovery = (await world.send('GET', '/.well-known/ath.json')).json as unknown as Record<
    string,
    unknown
  >
  assert.equal(discovery['handshake_endpoint'], `${base}/ath/handshake`)
  assert.equal(discovery['server_did'], serverDid)
  assert.deepEqual(discovery['server_jwk'], handshakeKey.publicKey.jwk)
})

test('a handshake with a credential that is known costs the server three signatures and three verifications', async () => {
  const world = await createNineStepWorld()
  const credential = await world.credential()
  const run = async () => {
    const agent = world.agent()
    await agent.greet()
    await agent.identify()
    await agent.request(credential, ['oa:read'])
    await world.answer()
    // As a poll would have got it: polling costs one verification a minute.
    agent.transcript.m8 = (await world.nineStep.handshakes.find(agent.handshakeId))?.transcript
      .m8 as string
    return agent.complete()
  }
  await run()
  const counts = { sign: 0, verify: 0 }
  const { subtle } = crypto
  const { sign, verify } = subtle
  const client = { sign: 4, verify: 2 }
  Object.assign(subtle, {
    sign: (...given: Parameters<typeof sign>) => {
      counts.sign++
      return sign.apply(subtle, given)
    },
    verify: (...given: Parameters<typeof verify>) => {
      counts.verify++
      return verify.apply(subtle, given)
    },
  })
  try {
    assert.equal((await run()).status, 200)
  } finally {
    Object.assign(subtle, { sign, verify })
  }
  assert.deepEqual(
    { sign: counts.sign - client.sign + 1, verify: counts.verify - client.verify },
    { sign: 3, verify: 3 },
  )
})

test('[U9] /ath/revoke ends a whole session, for its user, and for nobody else', async () => {
  const world = await createNineStepWorld()
  const agent = world.agent()
  await world.upToGranted(agent)
  const { json } = await agent.complete()
  const revoke = () => world.send('POST', '/ath/revoke', { body: { token: json['access_token'] } })
  Object.assign(world.ports.desk ?? {}, { signedInUser: async () => 'usr_zhou' })
  assert.equal((await revoke()).status, 403)
  assert.equal((await world.nineStep.sessions.find(agent.sessionId))?.revokedAt, undefined)
  Object.assign(world.ports.desk ?? {}, { signedInUser: async () => 'usr_wang' })
  assert.equal((await revoke()).status, 200)
  assert.notEqual((await world.nineStep.sessions.find(agent.sessionId))?.revokedAt, undefined)
  assert.equal((await agent.sessionRequest('token_refresh')).status, 401)
})

test('[U3] bodies that are no messages are refused, and leave nothing behind', async () => {
  const world = await createNineStepWorld()
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
  const greeting = JSON.stringify(world.agent().greeting()).slice(0, -1)
  const bodies = [
    '',
    'null',
    '[]',
    '{"type":',
    '{"type":"handshake_response"}',
    '{"type":{"$ne":null}}',
    `{"type":"identity_proof","handshake_id":${deep}}`,
    `${greeting},"x":${deep}}`,
    `${greeting},"x":"\\ud800"}`,
    `${greeting},"nonce":1e400}`,
    `${greeting},"timestamp":-1}`,
    `${greeting},"client_pubkey":"-----BEGIN PUBLIC KEY-----\\n AAAA\\n-----END PUBLIC KEY-----"}`,
    `${greeting},"client_did":"did:web:169.254.169.254"}`,
    `${greeting},"__proto__":{"type":"session_end"},"versions":[]}`,
  ]
  for (const body of bodies) {
    const { status } = await world.send('POST', '/ath/handshake', {
      body,
      headers: { 'content-type': 'application/json' },
    })
    assert.ok(status >= 400 && status < 500, `${status} for ${body.slice(0, 60)}`)
  }
  assert.ok(!world.events.some(({ event }) => event === 'handshake_started'))
})

test('[U4] a key that was changed in the configuration ends what the old one opened', async () => {
  const key = await createDidKey()
  const did = 'did:ath:office'
  const pin = {
    did,
    thumbprint: key.publicKey.thumbprint,
    name: 'Office',
    developer: { name: 'Blue Harbour', id: 'blue-harbour' },
  }
  const pinnedDids = [{ ...pin, thumbprint: 'the-old-one' }]
  const world = await createNineStepWorld({ nineStep: { pinnedDids } })
  await world.approve(did, { clientId: 'ath_office', keyThumbprint: 'the-old-one' })
  await world.ports.grants.insert({
    id: 'gnt_old',
    clientId: 'ath_office',
    agentId: did,
    userId: 'usr_wang',
    userSource: 'login',
    providerId: 'oa',
    scopes: ['oa:read'],
    createdAt: world.clock.now(),
    expiresAt: world.clock.now() + 3600,
  })
  pinnedDids[0] = pin
  const agent = world.agent({ key, did })
  await agent.greet()
  assert.equal((await agent.identify()).status, 200)
  assert.notEqual((await world.ports.grants.find('gnt_old'))?.revokedAt, undefined)
})
