import assert from 'node:assert/strict'
import test from 'node:test'
import { createTestAgent, createTestKey, signJws, testEpoch as now } from '@sallyport/testing'
import fc from 'fast-check'
import { createLocalJWKSet, importPKCS8, type JWK, jwtVerify, SignJWT } from 'jose'
import { encodeBase64url } from './base64url.ts'
import { checkClaims } from './check.ts'
import { importAgentKey } from './key.ts'
import { parseAttestation } from './parse.ts'
import { verifySignature } from './verify-signature.ts'

const audience = 'https://gateway.example.com'
const agent = await createTestAgent()
const jwt = await agent.attest({ audience, now })

/** Parses, checks and verifies, as a gateway would. */
async function isTaken(attestation: string): Promise<boolean> {
  const parsed = parseAttestation(attestation)
  if (!parsed.ok) return false
  if (!checkClaims(parsed.value.claims, { audiences: [audience], now }).ok) return false
  const key = await importAgentKey(agent.document(), parsed.value.kid)
  assert.ok(key.ok)
  return (await verifySignature(parsed.value, key.value)).ok
}

const jwks = createLocalJWKSet({ keys: [agent.key.publicJwk as JWK] })
const isTakenByJose = (attestation: string): Promise<boolean> =>
  jwtVerify(attestation, jwks, {
    algorithms: ['ES256'],
    audience,
    currentDate: new Date(now * 1000),
    requiredClaims: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
  }).then(
    () => true,
    () => false,
  )

test('[R27] [R29] jose takes what we sign', async () => {
  assert.equal(await isTakenByJose(jwt), true)
  assert.equal(await isTaken(jwt), true)
})

test('[R27] [R29] we take what jose signs', async () => {
  const signed = await new SignJWT({ capabilities: ['mail'] })
    .setProtectedHeader({ alg: 'ES256', kid: 'default' })
    .setIssuer(agent.agentId)
    .setSubject(agent.agentId)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + 3600)
    .setJti('of-jose')
    .sign(await importPKCS8(agent.key.privatePem, 'ES256'))
  assert.equal(await isTaken(signed), true)
})

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= \n'

test('[R29] a changed character anywhere is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: jwt.length - 1 }),
      fc.constantFrom(...alphabet.split('')),
      async (index, char) => {
        fc.pre(jwt[index] !== char)
        assert.equal(await isTaken(jwt.slice(0, index) + char + jwt.slice(index + 1)), false)
      },
    ),
    { numRuns: 400 },
  )
})

test('[R29] a changed bit of header, claims or signature is refused, also where the spelling stays canonical', async () => {
  const parts = jwt.split('.')
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 2 }), fc.nat(), fc.nat({ max: 7 }), async (part, at, bit) => {
      const bytes = Buffer.from(parts[part] ?? '', 'base64url')
      const index = at % bytes.length
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
      const changed = parts.with(part, bytes.toString('base64url')).join('.')
      assert.equal(await isTaken(changed), false)
    }),
    { numRuns: 400 },
  )
})

test('a lost or added character at either end is refused', async () => {
  for (const changed of [jwt.slice(1), jwt.slice(0, -1), `${jwt}A`, `A${jwt}`, `${jwt}.`])
    assert.equal(await isTaken(changed), false)
})

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')

test('a signature with r or s of zero, or beyond the order of the curve, is refused and does not throw', async () => {
  const [head, body, mark = ''] = jwt.split('.')
  const signature = Buffer.from(mark, 'base64url')
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
  const zero = Buffer.alloc(32)
  const strange = [
    [zero, s],
    [r, zero],
    [zero, zero],
    [bytesOf(order), s],
    [r, bytesOf(order)],
    [Buffer.alloc(32, 0xff), Buffer.alloc(32, 0xff)],
  ]
  for (const halves of strange)
    assert.equal(await isTaken(`${head}.${body}.${encodeBase64url(Buffer.concat(halves))}`), false)
})

test('[R29] a key named inside the attestation itself is not asked', async () => {
  const thief = await createTestKey()
  const claims = {
    iss: agent.agentId,
    sub: agent.agentId,
    aud: audience,
    iat: now,
    exp: now + 300,
    jti: 'thief',
  }
  const header = { alg: 'ES256', kid: 'default', jwk: thief.publicJwk, jku: 'https://evil.example' }
  assert.equal(await isTaken(await signJws(thief.privateKey, header, claims)), false)
  assert.equal(await isTaken(await signJws(agent.key.privateKey, header, claims)), true)
})

const claimValue = fc.oneof(
  fc.constantFrom<unknown>(agent.agentId, audience, now, now + 300, now - 301, null, ''),
  fc.integer(),
  fc.string({ maxLength: 8 }),
  fc.array(fc.constantFrom(audience, 'https://other.example'), { maxLength: 2 }),
)

test('whatever header and claims hold, we never take what jose refuses', async () => {
  const base = {
    iss: agent.agentId,
    sub: agent.agentId,
    aud: audience,
    iat: now,
    exp: now + 300,
    jti: 'x',
  }
  await fc.assert(
    fc.asyncProperty(
      fc.record(
        {
          iss: claimValue,
          sub: claimValue,
          aud: claimValue,
          iat: claimValue,
          exp: claimValue,
          jti: claimValue,
        },
        { requiredKeys: [] },
      ),
      fc.record(
        {
          alg: fc.constantFrom<unknown>('ES256', 'none', 'HS256', null),
          typ: fc.constantFrom<unknown>('JWT', 'x', 1),
          crit: fc.constantFrom<unknown>(['exp'], []),
          b64: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      fc.boolean(),
      async (changes, header, replace) => {
        const claims = replace ? changes : { ...base, ...changes }
        const attestation = await signJws(
          agent.key.privateKey,
          { alg: 'ES256', kid: 'default', ...header },
          claims,
        )
        if (await isTaken(attestation)) assert.equal(await isTakenByJose(attestation), true)
      },
    ),
    { numRuns: 300 },
  )
})
