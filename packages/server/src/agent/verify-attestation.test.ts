import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ok, fail, type AttestationFault, type Result } from '@ath-protocol/types'
import {
  createTestAgent,
  createTestKey,
  createVirtualClock,
  signJws,
  type TestAgent,
} from '@sallyport/testing'
import { InMemoryReplayStore } from '../memory/replay-store.ts'
import type { VerifiedAttestation } from '../ports/attestations.ts'
import type { FetchedDocument, IdentityDocuments } from '../ports/identity-documents.ts'
import type { ReplayStore } from '../ports/replay.ts'
import { createAttestationVerifier } from './verify-attestation.ts'

const base = 'https://gateway.example'
const expected = { audiences: [base] }

type Answer = Result<FetchedDocument, AttestationFault>

/** A port that says what it is told to, and counts. */
function createDocuments(answer: (agentId: URL) => Answer | Promise<Answer>) {
  const asked: string[] = []
  const documents: IdentityDocuments = {
    fetch: async (agentId) => {
      asked.push(agentId.href)
      return answer(agentId)
    },
  }
  return { documents, asked }
}

async function setUp(
  options: { readonly maxAgeSeconds?: number; readonly replay?: ReplayStore } = {},
) {
  const clock = createVirtualClock()
  const agent = await createTestAgent({ clock })
  const published = { agent, changes: {} as object, answer: undefined as Answer | undefined }
  const { documents, asked } = createDocuments(
    () =>
      published.answer ??
      ok({
        json: published.agent.document(published.changes),
        ...(options.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: options.maxAgeSeconds }),
      }),
  )
  const verifier = createAttestationVerifier({
    documents,
    replay: options.replay ?? new InMemoryReplayStore(),
    clock,
    allowLoopbackHttp: false,
  })
  return { clock, agent, published, asked, verifier }
}

const faultOf = (
  result: Awaited<ReturnType<ReturnType<typeof createAttestationVerifier>['verify']>>,
) =>
  result.ok
    ? 'accepted'
    : result.error.reason === 'attestation'
      ? result.error.fault.kind
      : result.error.reason

const rotate = async (agent: TestAgent, clock: { now(): number }) =>
  createTestAgent({ agentId: agent.agentId, key: await createTestKey('next'), clock })

describe('an attestation', () => {
  test('[R29] is accepted when the key published at its agent_id signed it', async () => {
    const { agent, verifier } = await setUp()
    const result = await verifier.verify(await agent.attest({ audience: base }), expected)
    assert.ok(result.ok)
    const value: VerifiedAttestation = result.value
    assert.equal(value.claims.sub, agent.agentId)
    assert.equal(value.document.name, 'Travel agent')
  })

  test('[C1] takes its key from `sub`, whichever allowed spelling `iss` has', async () => {
    const { agent, asked, verifier } = await setUp()
    const jwt = await agent.attest({ audience: base, issuer: 'origin' })
    assert.equal(faultOf(await verifier.verify(jwt, expected)), 'accepted')
    assert.deepEqual(asked, [agent.agentId])
  })

  test('[R29] of another key is refused, and so is one changed byte', async () => {
    const { agent, verifier, clock } = await setUp()
    const thief = await rotate(agent, clock)
    assert.equal(
      faultOf(await verifier.verify(await thief.attest({ audience: base }), expected)),
      'signature_wrong',
    )
    const [head, body, mark] = (await agent.attest({ audience: base })).split('.')
    const claims = JSON.parse(Buffer.from(body ?? '', 'base64url').toString()) as object
    const widened = Buffer.from(JSON.stringify({ ...claims, capabilities: ['all'] })).toString(
      'base64url',
    )
    assert.equal(
      faultOf(await verifier.verify(`${head}.${widened}.${mark}`, expected)),
      'signature_wrong',
    )
  })

  test('whose r or s is zero is refused', async () => {
    const { agent, verifier } = await setUp()
    const [head, body, mark] = (await agent.attest({ audience: base })).split('.')
    const signature = Buffer.from(mark ?? '', 'base64url')
    for (const [from, to] of [
      [0, 32],
      [32, 64],
      [0, 64],
    ] as const) {
      const zeroed = Buffer.from(signature).fill(0, from, to).toString('base64url')
      assert.equal(
        faultOf(await verifier.verify(`${head}.${body}.${zeroed}`, expected)),
        'signature_wrong',
      )
    }
  })

  test('[R33] [R34] [R127] [C6] works once: the second time it is a replay, until it expires', async () => {
    const { agent, verifier, clock } = await setUp()
    const jwt = await agent.attest({ audience: base, lifetimeSeconds: 300 })
    assert.equal(faultOf(await verifier.verify(jwt, expected)), 'accepted')
    assert.equal(faultOf(await verifier.verify(jwt, expected)), 'replayed')
    clock.advance(299)
    assert.equal(faultOf(await verifier.verify(jwt, expected)), 'replayed')
    clock.advance(1)
    assert.equal(faultOf(await verifier.verify(jwt, expected)), 'expired')
  })

  test('[R34] [C6] sent twenty times at once is accepted exactly once', async () => {
    const { agent, verifier } = await setUp()
    const jwt = await agent.attest({ audience: base })
    const results = await Promise.all(
      Array.from({ length: 20 }, () => verifier.verify(jwt, expected)),
    )
    assert.equal(results.filter((result) => result.ok).length, 1)
  })

  test('[C6] reaches the replay store only after its signature was right, with its expiry', async () => {
    const claimed: unknown[] = []
    const replay: ReplayStore = {
      claim: async (...claim) => claimed.push(claim) > 0,
      sweep: async () => 0,
    }
    const { agent, verifier, clock } = await setUp({ replay })
    const thief = await rotate(agent, clock)
    await verifier.verify(await thief.attest({ audience: base }), expected)
    assert.deepEqual(claimed, [])
    const jwt = await agent.attest({ audience: base })
    const result = await verifier.verify(jwt, expected)
    assert.ok(result.ok)
    const { jti, exp } = result.value.claims
    assert.deepEqual(claimed, [[agent.agentId, jti, exp]])
  })

  test('is refused while the replay store is down', async () => {
    const replay: ReplayStore = {
      claim: () => Promise.reject(new Error('disk full')),
      sweep: async () => 0,
    }
    const { agent, verifier } = await setUp({ replay })
    const result = await verifier.verify(await agent.attest({ audience: base }), expected)
    assert.equal(faultOf(result), 'dependency_down')
  })

  test('[R36] [R39] of one agent is refused where another one is expected, without a fetch', async () => {
    const { agent, asked, verifier } = await setUp()
    const jwt = await agent.attest({ audience: base })
    const result = await verifier.verify(jwt, {
      ...expected,
      agentId: 'https://other.example/.well-known/agent.json',
    })
    assert.equal(faultOf(result), 'subject_differs')
    assert.deepEqual(asked, [])
  })
})

describe('what costs no network', () => {
  const wrong: readonly [string, string, (agent: TestAgent, now: number) => Promise<string>][] = [
    ['[R27] `alg: none`', 'alg_not_es256', (agent, now) => forge(agent, now, { alg: 'none' })],
    ['[R27] `alg: HS256`', 'alg_not_es256', (agent, now) => forge(agent, now, { alg: 'HS256' })],
    ['[R27] `alg: RS256`', 'alg_not_es256', (agent, now) => forge(agent, now, { alg: 'RS256' })],
    ['[R27] another `typ`', 'typ_not_jwt', (agent, now) => forge(agent, now, { typ: 'at+jwt' })],
    ['[R27] no `kid`', 'claim_missing', (agent, now) => forge(agent, now, { kid: undefined })],
    ['[R28] no `jti`', 'claim_missing', (agent, now) => forge(agent, now, {}, { jti: undefined })],
    ['[R30] `exp` now', 'expired', (agent, now) => forge(agent, now, {}, { exp: now })],
    [
      '[R31] another audience',
      'audience_differs',
      (agent, now) => forge(agent, now, {}, { aud: 'https://other.example' }),
    ],
    [
      '[R31] a list of audiences',
      'claim_invalid',
      (agent, now) => forge(agent, now, {}, { aud: [base, 'https://other.example'] }),
    ],
    [
      '[R32] `iat` 301 s ago',
      'issued_outside_window',
      (agent, now) => forge(agent, now, {}, { iat: now - 301 }),
    ],
    [
      '[R32] `iat` in 301 s',
      'issued_outside_window',
      (agent, now) => forge(agent, now, {}, { iat: now + 301, exp: now + 601 }),
    ],
    [
      '[C6] a life of more than an hour',
      'lifetime_too_long',
      (agent, now) => forge(agent, now, {}, { exp: now + 3661 }),
    ],
    [
      '[C1] `iss` of another domain',
      'issuer_differs',
      (agent, now) => forge(agent, now, {}, { iss: 'https://evil.example' }),
    ],
    [
      '[R17] an http agent_id',
      'agent_id_invalid',
      (agent, now) => forge(agent, now, {}, as('http://agents.example.com/.well-known/agent.json')),
    ],
    [
      '[R17] a loopback http agent_id outside development',
      'agent_id_invalid',
      (agent, now) => forge(agent, now, {}, as('http://127.0.0.1/.well-known/agent.json')),
    ],
    [
      'a DER signature',
      'signature_wrong',
      async (agent) =>
        `${(await agent.attest({ audience: base })).split('.').slice(0, 2).join('.')}.${Buffer.alloc(70, 1).toString('base64url')}`,
    ],
    ['no JWS at all', 'not_a_jws', async () => 'dummy'],
  ]
  for (const [name, fault, make] of wrong)
    test(`${name} is refused as ${fault} before anything is fetched`, async () => {
      const { agent, asked, verifier, clock } = await setUp()
      assert.equal(faultOf(await verifier.verify(await make(agent, clock.now()), expected)), fault)
      assert.deepEqual(asked, [])
    })
})

const as = (agentId: string) => ({ sub: agentId, iss: agentId })

/** Signed by the agent's own key, yet with any header and claims. */
function forge(
  agent: TestAgent,
  now: number,
  header: object,
  claims: object = {},
): Promise<string> {
  return signJws(
    agent.key.privateKey,
    { alg: 'ES256', typ: 'JWT', kid: 'default', ...header },
    {
      iss: agent.agentId,
      sub: agent.agentId,
      aud: base,
      iat: now,
      exp: now + 300,
      jti: crypto.randomUUID(),
      ...claims,
    },
  )
}

describe('the identity document', () => {
  test('[R20] [R21] [R22] is fetched once and used for five minutes, not longer', async () => {
    const { agent, asked, verifier, clock } = await setUp({ maxAgeSeconds: 86_400 })
    for (const [seconds, fetches] of [
      [0, 1],
      [299, 1],
      [1, 2],
    ] as const) {
      clock.advance(seconds)
      const jwt = await agent.attest({ audience: base })
      assert.equal(faultOf(await verifier.verify(jwt, expected)), 'accepted')
      assert.equal(asked.length, fetches)
    }
  })

  test('[R20] [R22] is used no longer than its own Cache-Control says', async () => {
    for (const [maxAgeSeconds, fetches] of [
      [30, 2],
      [0, 3],
    ] as const) {
      const { agent, asked, verifier, clock } = await setUp({ maxAgeSeconds })
      for (const seconds of [0, 29, 1]) {
        clock.advance(seconds)
        await verifier.verify(await agent.attest({ audience: base }), expected)
      }
      assert.equal(asked.length, fetches)
    }
  })

  test('[R22] is fetched again when the clock was set back', async () => {
    const { agent, asked, verifier, clock } = await setUp()
    await verifier.verify(await agent.attest({ audience: base }), expected)
    clock.advance(-3600)
    await verifier.verify(await agent.attest({ audience: base }), expected)
    assert.equal(asked.length, 2)
  })

  test('is fetched once for all who wait for it', async () => {
    const { agent, asked, verifier } = await setUp()
    const jwts = await Promise.all(
      Array.from({ length: 10 }, () => agent.attest({ audience: base })),
    )
    const results = await Promise.all(jwts.map((jwt) => verifier.verify(jwt, expected)))
    assert.ok(results.every((result) => result.ok))
    assert.equal(asked.length, 1)
  })

  test('[R23] [R24] is fetched exactly once more after a key rotation, and the new key is taken', async () => {
    const { agent, asked, published, verifier, clock } = await setUp()
    await verifier.verify(await agent.attest({ audience: base }), expected)
    const rotated = (published.agent = await rotate(agent, clock))
    const jwts = await Promise.all([1, 2, 3].map(() => rotated.attest({ audience: base })))
    const results = await Promise.all(jwts.map((jwt) => verifier.verify(jwt, expected)))
    assert.deepEqual(results.map(faultOf), ['accepted', 'accepted', 'accepted'])
    assert.equal(asked.length, 2)
  })

  test('[R24] is fetched past the cache at most once a minute, whatever is sent', async () => {
    const { agent, asked, verifier, clock } = await setUp()
    const thief = await rotate(agent, clock)
    await verifier.verify(await agent.attest({ audience: base }), expected)
    for (const [seconds, fetches] of [
      [0, 2],
      [30, 2],
      [29, 2],
      [1, 3],
    ] as const) {
      clock.advance(seconds)
      const jwt = await thief.attest({ audience: base })
      assert.equal(faultOf(await verifier.verify(jwt, expected)), 'signature_wrong')
      assert.equal(asked.length, fetches, `after ${seconds} s more`)
    }
    assert.equal(
      faultOf(await verifier.verify(await agent.attest({ audience: base }), expected)),
      'accepted',
    )
  })

  test('[R23] is not fetched past the cache for expired, misaddressed or replayed attestations', async () => {
    const { agent, asked, verifier, clock } = await setUp()
    const replayed = await agent.attest({ audience: base })
    await verifier.verify(replayed, expected)
    await verifier.verify(replayed, expected)
    await verifier.verify(await agent.attest({ audience: 'https://other.example' }), expected)
    await verifier.verify(await agent.attest({ audience: base, now: clock.now() - 300 }), expected)
    assert.equal(asked.length, 1)
  })

  test('[R23] keeps serving from the cache when fetching past it fails', async () => {
    const { agent, published, verifier, clock } = await setUp()
    await verifier.verify(await agent.attest({ audience: base }), expected)
    published.answer = fail({ kind: 'document_unavailable' })
    const thief = await rotate(agent, clock)
    assert.equal(
      faultOf(await verifier.verify(await thief.attest({ audience: base }), expected)),
      'signature_wrong',
    )
    assert.equal(
      faultOf(await verifier.verify(await agent.attest({ audience: base }), expected)),
      'accepted',
    )
  })

  test('that cannot be had costs one fetch for a flood of attestations', async () => {
    const { agent, asked, published, verifier, clock } = await setUp()
    published.answer = fail({ kind: 'document_unavailable', evidence: 'connect timeout' })
    for (let count = 0; count < 5; count++)
      assert.equal(
        faultOf(await verifier.verify(await agent.attest({ audience: base }), expected)),
        'document_unavailable',
      )
    assert.equal(asked.length, 1)
    published.answer = undefined
    clock.advance(10)
    assert.equal(
      faultOf(await verifier.verify(await agent.attest({ audience: base }), expected)),
      'accepted',
    )
  })

  test('is refused when the port breaks its promise and throws', async () => {
    const { verifier, agent } = await (async () => {
      const clock = createVirtualClock()
      const { documents } = createDocuments(() => Promise.reject(new Error('bug')))
      return {
        agent: await createTestAgent({ clock }),
        verifier: createAttestationVerifier({
          documents,
          replay: new InMemoryReplayStore(),
          clock,
          allowLoopbackHttp: false,
        }),
      }
    })()
    const jwt = await agent.attest({ audience: base })
    assert.equal(faultOf(await verifier.verify(jwt, expected)), 'document_unavailable')
    const again = await agent.attest({ audience: base })
    assert.equal(faultOf(await verifier.verify(again, expected)), 'document_unavailable')
  })

  const bad: readonly [string, string, (agent: TestAgent) => Promise<object> | object][] = [
    [
      '[R18] of another agent',
      'document_agent_differs',
      () => ({ agent_id: 'https://travel.agents.example.com/.well-known/agent.jso' }),
    ],
    ['[R19] without a name', 'document_invalid', () => ({ name: undefined })],
    ['[R19] without a developer', 'document_invalid', () => ({ developer: undefined })],
    ['[R19] without a key', 'document_invalid', () => ({ public_key: undefined })],
    [
      '[R29] with a JWK that has `d`',
      'key_is_private',
      (agent) => ({ public_key: { ...agent.key.privateJwk } }),
    ],
    [
      '[R29] with a JWK as text that has `d`',
      'key_is_private',
      (agent) => ({ public_key: JSON.stringify(agent.key.privateJwk) }),
    ],
    [
      '[R29] with a private PEM',
      'key_is_private',
      (agent) => ({ public_key: agent.key.privatePem }),
    ],
    [
      '[R29] with `d` in a key that is not even used',
      'key_is_private',
      (agent) => ({ public_keys: [agent.key.publicJwk, { ...agent.key.privateJwk, kid: 'old' }] }),
    ],
    ['[R27] with a P-384 key', 'key_not_p256', async () => ({ public_key: await p384() })],
    [
      '[R27] with an RSA key',
      'key_not_p256',
      () => ({ public_key: { kty: 'RSA', n: 'AQAB', e: 'AQAB' } }),
    ],
    [
      '[C3] with a list that lacks the `kid`',
      'key_not_found',
      (agent) => ({ public_keys: [{ ...agent.key.publicJwk, kid: 'other' }] }),
    ],
  ]
  for (const [name, fault, changes] of bad)
    test(`${name} is refused as ${fault}`, async () => {
      const { agent, published, verifier } = await setUp()
      published.changes = await changes(agent)
      const jwt = await agent.attest({ audience: base })
      assert.equal(faultOf(await verifier.verify(jwt, expected)), fault)
    })

  test('[R19] [C3] may hold its key as JWK, JWK as text, PEM, or in a list by `kid`', async () => {
    for (const changes of [
      (agent: TestAgent) => ({ public_key: { ...agent.key.publicJwk } }),
      (agent: TestAgent) => ({ public_key: JSON.stringify(agent.key.publicJwk) }),
      (agent: TestAgent) => ({ public_key: agent.key.publicPem }),
      (agent: TestAgent) => ({ public_keys: [{ ...agent.key.publicJwk }] }),
    ]) {
      const { agent, published, verifier } = await setUp()
      published.changes = changes(agent)
      const jwt = await agent.attest({ audience: base })
      assert.equal(faultOf(await verifier.verify(jwt, expected)), 'accepted')
    }
  })
})

async function p384(): Promise<unknown> {
  const { publicKey } = await crypto.subtle.generateKey(
    { name: 'ECDSA', namedCurve: 'P-384' },
    true,
    ['sign'],
  )
  return crypto.subtle.exportKey('jwk', publicKey)
}

describe('many agents', () => {
  test('fill the cache only to its bound', async () => {
    const clock = createVirtualClock()
    const key = await createTestKey()
    const agents = await Promise.all(
      [1, 2, 3].map((n) =>
        createTestAgent({ agentId: `https://a${n}.example/.well-known/agent.json`, key, clock }),
      ),
    )
    const { documents, asked } = createDocuments((agentId) =>
      ok({ json: agents.find((agent) => agent.agentId === agentId.href)?.document() }),
    )
    const verifier = createAttestationVerifier({
      documents,
      replay: new InMemoryReplayStore(),
      clock,
      allowLoopbackHttp: false,
      maxAgents: 2,
    })
    const call = async (agent: TestAgent) => {
      assert.equal(
        faultOf(await verifier.verify(await agent.attest({ audience: base }), expected)),
        'accepted',
      )
    }
    const [first, second, third] = agents
    assert.ok(first && second && third)
    await call(first)
    await call(second)
    await call(first)
    await call(third)
    assert.equal(asked.length, 3)
    await call(first)
    assert.equal(asked.length, 3, 'the one used last stays')
    await call(second)
    assert.equal(asked.length, 4, 'the one used least recently went')
  })

  test('that all hang open no more connections than allowed', async () => {
    const clock = createVirtualClock()
    const key = await createTestKey()
    const pending = Promise.withResolvers<Answer>()
    const { documents, asked } = createDocuments(() => pending.promise)
    const verifier = createAttestationVerifier({
      documents,
      replay: new InMemoryReplayStore(),
      clock,
      allowLoopbackHttp: false,
    })
    const attested = await Promise.all(
      Array.from({ length: 80 }, async (_, n) => {
        const agentId = `https://a${n}.example/.well-known/agent.json`
        const agent = await createTestAgent({ agentId, key, clock })
        return agent.attest({ audience: base })
      }),
    )
    const hanging = attested.map((jwt) => verifier.verify(jwt, expected))
    // The ones over the limit are answered while the others still hang.
    const early = await Promise.race(hanging)
    assert.equal(faultOf(early), 'document_unavailable')
    pending.resolve(fail({ kind: 'document_unavailable' }))
    await Promise.all(hanging)
    assert.equal(asked.length, 64)
  })
})
