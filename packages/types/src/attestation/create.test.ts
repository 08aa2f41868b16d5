import assert from 'node:assert/strict'
import test from 'node:test'
import { createTestAgent, testEpoch as now } from '@sallyport/testing'
import { checkClaims } from './check.ts'
import { createAttestation } from './create.ts'
import { importAgentKey } from './key.ts'
import { parseAttestation } from './parse.ts'
import { verifySignature } from './verify-signature.ts'

const audience = 'https://gateway.example.com'
const agent = await createTestAgent()
const request = {
  agentId: agent.agentId,
  audience,
  key: agent.key.privateKey,
  keyId: agent.key.kid,
  now,
}

for (const issuer of ['agent_id', 'origin'] as const)
  test(`[R29] [C1] what we sign with iss as ${issuer} is parsed, checked and verified`, async () => {
    const parsed = parseAttestation(await createAttestation({ ...request, issuer }))
    assert.ok(parsed.ok)
    assert.ok(
      checkClaims(parsed.value.claims, { audiences: [audience], agentId: agent.agentId, now }).ok,
    )
    const key = await importAgentKey(agent.document(), parsed.value.kid)
    assert.ok(key.ok)
    assert.ok((await verifySignature(parsed.value, key.value)).ok)
  })

function decode(jwt: string) {
  const [head = '', body = ''] = jwt.split('.')
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  return { header: read(head), claims: read(body) as Record<string, unknown> }
}

test('[R27] [R28] [C2] header and claims are as the specification shows them', async () => {
  const { header, claims } = decode(
    await createAttestation({ ...request, now: now + 0.9, capabilities: ['mail'] }),
  )
  assert.deepEqual(header, { alg: 'ES256', typ: 'JWT', kid: 'default' })
  const { jti, ...rest } = claims
  assert.deepEqual(rest, {
    iss: agent.agentId,
    sub: agent.agentId,
    aud: audience,
    iat: now,
    exp: now + 300,
    capabilities: ['mail'],
  })
  assert.match(String(jti), /^[\w-]{24}$/)
})

test('[R33] no two attestations share their jti', async () => {
  const jtis = new Set<unknown>()
  for (let index = 0; index < 50; index++)
    jtis.add(decode(await createAttestation(request)).claims['jti'])
  assert.equal(jtis.size, 50)
})

for (const lifetimeSeconds of [0, -1, 3601, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
  test(`[R35] a lifetime of ${lifetimeSeconds} s is never signed`, async () => {
    await assert.rejects(createAttestation({ ...request, lifetimeSeconds }), RangeError)
  })

test('[R35] [C6] an hour may be asked for', async () => {
  const { claims } = decode(await createAttestation({ ...request, lifetimeSeconds: 3600 }))
  assert.equal(claims['exp'], now + 3600)
})
