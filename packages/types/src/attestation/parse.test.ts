import assert from 'node:assert/strict'
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import test from 'node:test'
import { createTestKey, signJws, testEpoch as now } from '@sallyport/testing'
import { encodeBase64url } from './base64url.ts'
import { parseAttestation } from './parse.ts'

const agentId = 'https://travel.agents.example.com/.well-known/agent.json'
const key = await createTestKey()
const header = { alg: 'ES256', typ: 'JWT', kid: 'default' }
const claims = {
  iss: agentId,
  sub: agentId,
  aud: 'https://gateway.example.com',
  iat: now,
  exp: now + 300,
  jti: 'once',
}

const part = (value: unknown) => encodeBase64url(Buffer.from(JSON.stringify(value)))
const rawPart = (text: string) => encodeBase64url(Buffer.from(text))
const sign = (headerChanges: object = {}, claimChanges: object = {}) =>
  signJws(key.privateKey, { ...header, ...headerChanges }, { ...claims, ...claimChanges })
const without = (object: object, name: string) =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))

function faultOf(jwt: string) {
  const parsed = parseAttestation(jwt)
  return parsed.ok ? undefined : parsed.error
}

test('[R27] [R28] an ES256 JWT with all claims is taken apart', async () => {
  const parsed = parseAttestation(await sign({}, { capabilities: ['mail'] }))
  assert.ok(parsed.ok)
  assert.equal(parsed.value.kid, 'default')
  assert.equal(parsed.value.claims.sub, agentId)
  assert.deepEqual(parsed.value.claims.capabilities, ['mail'])
  assert.equal(parsed.value.signature.length, 64)
})

for (const typ of [undefined, 'JWT', 'jwt', 'Jwt'])
  test(`[C2] typ ${typ ?? 'left out'} is taken`, async () => {
    assert.equal(faultOf(await sign({ typ })), undefined)
  })

for (const typ of ['dpop+jwt', 'at+jwt', 'application/jwt', '', null, 7, ['JWT'], {}])
  test(`[C2] typ ${JSON.stringify(typ)} is refused`, async () => {
    assert.equal(faultOf(await sign({ typ }))?.kind, 'typ_not_jwt')
  })

for (const alg of [
  'none',
  'None',
  '',
  'HS256',
  'RS256',
  'ES384',
  'EdDSA',
  'es256',
  null,
  ['ES256'],
])
  test(`[R27] alg ${JSON.stringify(alg)} is refused`, async () => {
    assert.equal(faultOf(await sign({ alg }))?.kind, 'alg_not_es256')
  })

test('[R27] alg none with an empty signature is refused', () => {
  assert.equal(faultOf(`${part({ ...header, alg: 'none' })}.${part(claims)}.`)?.kind, 'not_a_jws')
})

test('[R27] alg HS256 with the public key as the secret is refused', () => {
  const input = `${part({ ...header, alg: 'HS256' })}.${part(claims)}`
  const mac = createHmac('sha256', key.publicPem).update(input).digest('base64url')
  assert.equal(faultOf(`${input}.${mac}`)?.kind, 'alg_not_es256')
})

test('[R27] alg RS256 with a good RSA signature is refused', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const input = `${part({ ...header, alg: 'RS256' })}.${part(claims)}`
  const signature = createSign('sha256').update(input).sign(privateKey, 'base64url')
  assert.equal(faultOf(`${input}.${signature}`)?.kind, 'alg_not_es256')
})

test('[R27] an ES256 signature in DER is refused', async () => {
  const input = `${part(header)}.${part(claims)}`
  const der = createSign('sha256').update(input).sign(key.privatePem, 'base64url')
  assert.deepEqual(faultOf(`${input}.${der}`), { kind: 'signature_wrong', evidence: 'length' })
})

test('[R27] a header without kid is refused', async () => {
  const jwt = await signJws(key.privateKey, without(header, 'kid'), claims)
  assert.deepEqual(faultOf(jwt), { kind: 'claim_missing', claim: 'kid' })
})

for (const kid of [null, 7, ['default'], 'k'.repeat(257)])
  test(`kid ${JSON.stringify(kid).slice(0, 20)} is refused`, async () => {
    assert.deepEqual(faultOf(await sign({ kid })), { kind: 'claim_invalid', claim: 'kid' })
  })

for (const name of ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'])
  test(`[R28] an attestation without ${name} is refused, by name`, async () => {
    const jwt = await signJws(key.privateKey, header, without(claims, name))
    assert.deepEqual(faultOf(jwt), { kind: 'claim_missing', claim: name })
  })

const invalid: readonly (readonly [string, unknown])[] = [
  ['aud', ['https://gateway.example.com', 'https://other.example.com']],
  ['aud', ['https://gateway.example.com']],
  ['aud', ''],
  ['iat', String(now)],
  ['iat', now + 0.5],
  ['iat', -1],
  ['exp', String(now + 300)],
  ['exp', null],
  ['exp', 1e300],
  ['jti', ''],
  ['jti', 7],
  ['jti', 'j'.repeat(257)],
  ['iss', null],
  ['sub', {}],
  ['sub', 's'.repeat(2049)],
  ['capabilities', 'mail'],
  ['capabilities', [1]],
]
for (const [claim, value] of invalid)
  test(`[R28] ${claim} of ${JSON.stringify(value).slice(0, 40)} is refused, by name`, async () => {
    assert.deepEqual(faultOf(await sign({}, { [claim]: value })), { kind: 'claim_invalid', claim })
  })

for (const extension of [{ crit: ['exp'] }, { crit: [] }, { b64: false }])
  test(`a header with ${JSON.stringify(extension)} asks for what is not understood`, async () => {
    assert.equal(faultOf(await sign(extension))?.kind, 'crit_not_understood')
  })

test('[R16] claims and header members that are not known are no fault', async () => {
  assert.equal(faultOf(await sign({ x: 1 }, { nbf: 1, 'https://example.com/x': {} })), undefined)
})

const good = await sign()
const [head = '', body = '', mark = ''] = good.split('.')
const malformed: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'not_a_jws'],
  ['two parts', `${head}.${body}`, 'not_a_jws'],
  ['four parts', `${good}.${mark}`, 'not_a_jws'],
  ['five parts, as a JWE', `${good}.${mark}.${mark}`, 'not_a_jws'],
  ['an empty part', `${head}..${mark}`, 'not_a_jws'],
  ['the JSON serialization', JSON.stringify({ payload: body, protected: head }), 'not_a_jws'],
  ['more than 8 KiB', `${head}.${'A'.repeat(8192)}.${mark}`, 'not_a_jws'],
  ['blanks around it', ` ${good} `, 'header_invalid'],
  ['a Bearer in front', `Bearer ${good}`, 'header_invalid'],
  ['a padded header', `${head}=.${body}.${mark}`, 'header_invalid'],
  ['a header that is no JSON', `${rawPart('{')}.${body}.${mark}`, 'header_invalid'],
  ['a header that is a list', `${rawPart('["ES256"]')}.${body}.${mark}`, 'header_invalid'],
  ['a header that is null', `${rawPart('null')}.${body}.${mark}`, 'header_invalid'],
  [
    'a header in bad UTF-8',
    `${encodeBase64url(Uint8Array.of(0x22, 0xff, 0x22))}.${body}.${mark}`,
    'header_invalid',
  ],
  ['claims that are no JSON', `${head}.${rawPart('claims')}.${mark}`, 'not_a_jws'],
  ['claims that are a text', `${head}.${rawPart('"claims"')}.${mark}`, 'not_a_jws'],
  [
    'a short signature',
    `${head}.${body}.${encodeBase64url(new Uint8Array(63))}`,
    'signature_wrong',
  ],
  ['a long signature', `${head}.${body}.${encodeBase64url(new Uint8Array(65))}`, 'signature_wrong'],
  ['a signature with padding', `${good}==`, 'signature_wrong'],
]
for (const [name, jwt, kind] of malformed)
  test(`${name} is refused`, () => {
    assert.equal(faultOf(jwt)?.kind, kind)
  })

test('of a claim given twice the last one counts, as RFC 7519 §4 allows, for every check there is', () => {
  const text = JSON.stringify(claims).replace('{', '{"sub":"https://evil.example/","exp":1,')
  const parsed = parseAttestation(`${head}.${rawPart(text)}.${mark}`)
  assert.ok(parsed.ok)
  assert.equal(parsed.value.claims.sub, agentId)
  assert.equal(parsed.value.claims.exp, now + 300)
  const twice = rawPart('{"alg":"ES256","alg":"none","kid":"default"}')
  assert.equal(faultOf(`${twice}.${body}.${mark}`)?.kind, 'alg_not_es256')
})

test('a claim named like a member of every object is none of the required ones', () => {
  const text = '{"__proto__":{"sub":"x"},"constructor":1}'
  assert.equal(faultOf(`${head}.${rawPart(text)}.${mark}`)?.kind, 'claim_missing')
})
