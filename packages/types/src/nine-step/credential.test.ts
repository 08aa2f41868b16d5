import assert from 'node:assert/strict'
import test from 'node:test'
import { createDidKey, signCredential, testEpoch as now } from '@sallyport/testing'
import fc from 'fast-check'
import { encodeBase64url } from '../attestation/base64url.ts'
import { signDetached, signJws } from '../jws/jws.ts'
import { canonicalJson } from './canonical-json.ts'
import {
  checkCredential,
  credentialClaims,
  credentialTyp,
  maxCredentialSeconds,
  parseCredential,
  type ParsedCredential,
  verifyCredential,
} from './credential.ts'
import { bytesOf } from './domain.ts'
import { handshakeTyp, jsonCredentialPayload } from './transcript.ts'

const user = await createDidKey('ES256')
const agent = await createDidKey('ES256')
const thief = await createDidKey('ES256')
const serverDid = 'did:ath:enterprise_gateway_001'
const scopes = ['oa:read', 'crm:write']
const expected = {
  now,
  audiences: [serverDid],
  clientDid: agent.did,
  clientThumbprint: agent.publicKey.thumbprint,
}

const jwtWith = (changes: Record<string, unknown> = {}) =>
  signCredential(user, { agent, serverDid, scopes, now, changes })

function canonical(value: unknown): string {
  const text = canonicalJson(value)
  assert.ok(text.ok)
  return text.value
}

/** The JSON of step 0, signed by the user, as U6 sends it. */
async function jsonWith(changes: Record<string, unknown> = {}, signer = user.signer) {
  const rest = {
    user_did: user.did,
    client_did: agent.did,
    scopes,
    expires_at: now + 28_800,
    ...changes,
  }
  const signature = await signDetached(
    signer,
    handshakeTyp,
    await jsonCredentialPayload(canonical(rest)),
  )
  return encodeBase64url(bytesOf(canonical({ ...rest, signature })))
}

function parse(text: string): ParsedCredential {
  const parsed = parseCredential(text)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.value
}

/** What a server does with one: read, check, verify. */
async function faultOf(text: string, key = user.publicKey): Promise<string | undefined> {
  const parsed = parseCredential(text)
  if (!parsed.ok) return parsed.error.kind
  const checked = checkCredential(parsed.value.credential, expected)
  if (!checked.ok) return checked.error.kind
  const verified = await verifyCredential(parsed.value, key)
  return verified.ok ? undefined : verified.error.kind
}

for (const [form, make] of [
  ['a JWT', jwtWith],
  ['the JSON of step 0', jsonWith],
] as const) {
  test(`[U6] [D6] [D12] ${form} that the user signed holds`, async () => {
    assert.equal(await faultOf(await make()), undefined)
  })

  test(`[D6] ${form} signed by somebody else is refused`, async () => {
    assert.equal(await faultOf(await make(), thief.publicKey), 'credential_signature_wrong')
  })

  test(`[D6] [D12] ${form} with any bit changed is refused`, async () => {
    const text = await make()
    const parts = text.split('.')
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: parts.length - 1 }),
        fc.nat(),
        fc.nat({ max: 7 }),
        async (part, at, bit) => {
          const bytes = Buffer.from(parts[part] ?? '', 'base64url')
          const index = at % bytes.length
          bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
          assert.notEqual(
            await faultOf(parts.with(part, bytes.toString('base64url')).join('.')),
            undefined,
          )
        },
      ),
      { numRuns: 200 },
    )
  })
}

test('[U6] a credential that the server made for a signed-in user says both', async () => {
  const server = await createDidKey('ES256')
  const claims = credentialClaims({
    issuer: serverDid,
    userDid: 'did:ath:usr_1',
    clientDid: agent.did,
    clientThumbprint: agent.publicKey.thumbprint,
    audience: serverDid,
    scopes,
    now: now + 0.7,
    lifetimeSeconds: 3600,
    jti: 'ath_uc_1',
    oneTime: true,
  })
  assert.deepEqual([claims.iat, claims.exp], [now, now + 3600])
  const parsed = parse(await signJws(server.signer, credentialTyp, claims))
  assert.ok((await verifyCredential(parsed, server.publicKey)).ok)
  assert.equal(parsed.credential.issuer, serverDid)
  assert.equal(parsed.credential.userDid, 'did:ath:usr_1')
  assert.equal(parsed.credential.oneTime, true)
})

const jwtFaults: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['expired this second', { exp: now }, 'credential_expired'],
  ['expired long ago', { iat: now - 7200, exp: now - 3600 }, 'credential_expired'],
  ['issued in the future', { iat: now + 301 }, 'credential_not_yet_valid'],
  ['not valid before tomorrow', { nbf: now + 86_400 }, 'credential_not_yet_valid'],
  [
    'good for longer than 90 days',
    { exp: now + maxCredentialSeconds + 1 },
    'credential_lifetime_too_long',
  ],
  [
    'old, and good for longer than 90 days',
    { iat: now - 10, exp: now - 10 + maxCredentialSeconds + 1 },
    'credential_lifetime_too_long',
  ],
  ['for another server', { aud: 'did:ath:other' }, 'credential_audience_differs'],
  ['for another client', { client_did: thief.did }, 'credential_of_other_client'],
  [
    'for another key of the client',
    { cnf: { jkt: thief.publicKey.thumbprint } },
    'credential_key_differs',
  ],
  ['without a key', { cnf: undefined }, 'credential_malformed'],
  ['without an audience', { aud: undefined }, 'credential_malformed'],
  ['with a list of audiences', { aud: [serverDid] }, 'credential_malformed'],
  ['without an end', { exp: undefined }, 'credential_malformed'],
  ['with an end in words', { exp: 'tomorrow' }, 'credential_malformed'],
  ['with half a second', { exp: now + 0.5 }, 'credential_malformed'],
  ['without scopes', { scopes: [] }, 'credential_malformed'],
  ['with a scope that is two', { scopes: ['oa:read crm:write'] }, 'credential_malformed'],
  [
    'with 101 scopes',
    { scopes: Array.from({ length: 101 }, (_, at) => `s${at}`) },
    'credential_malformed',
  ],
  ['without a name', { jti: undefined }, 'credential_malformed'],
  ['without a user', { sub: '' }, 'credential_malformed'],
  ['that is once and says so in words', { one_time: 'no' }, 'credential_malformed'],
]
for (const [name, changes, kind] of jwtFaults)
  test(`[U6] [D12] a JWT ${name} is refused: ${kind}`, async () => {
    assert.equal(await faultOf(await jwtWith(changes)), kind)
  })

const jsonFaults: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ['expired', { expires_at: now }, 'credential_expired'],
  [
    'good for longer than 90 days',
    { expires_at: now + maxCredentialSeconds + 1 },
    'credential_lifetime_too_long',
  ],
  ['for another client', { client_did: thief.did }, 'credential_of_other_client'],
  ['that names another server', { aud: 'did:ath:other' }, 'credential_audience_differs'],
  ['without scopes', { scopes: [] }, 'credential_malformed'],
  ['without a user', { user_did: '' }, 'credential_malformed'],
  [
    'that nests deeper than any message',
    { more: JSON.parse('['.repeat(20) + ']'.repeat(20)) },
    'credential_malformed',
  ],
]
for (const [name, changes, kind] of jsonFaults)
  test(`[U6] [D12] the JSON of step 0 ${name} is refused: ${kind}`, async () => {
    const unsigned = { user_did: user.did, client_did: agent.did, scopes, expires_at: now + 60 }
    const text =
      name === 'that nests deeper than any message'
        ? encodeBase64url(bytesOf(JSON.stringify({ ...unsigned, ...changes, signature: 'x..y' })))
        : await jsonWith(changes)
    assert.equal(await faultOf(text), kind)
  })

test('[U6] a user who writes into the JSON that it is good once, or for one server, is heard', async () => {
  const { credential } = parse(await jsonWith({ one_time: true, aud: serverDid }))
  assert.equal(credential.oneTime, true)
  assert.equal(credential.audience, serverDid)
  assert.equal(await faultOf(await jsonWith({ one_time: true, aud: serverDid })), undefined)
})

test('[U6] the same JSON in another spelling is refused', async () => {
  const text = new TextDecoder().decode(Buffer.from(await jsonWith(), 'base64url'))
  const object = JSON.parse(text) as Record<string, unknown>
  const spellings = [
    ` ${text}`,
    JSON.stringify(object, null, 1),
    JSON.stringify(Object.fromEntries(Object.entries(object).reverse())),
    text.replace('{', '{"client_did":"did:ath:first",'),
    text.replace('user_did', String.raw`\u0075ser_did`),
  ]
  for (const spelling of spellings) {
    assert.notEqual(spelling, text)
    assert.equal(await faultOf(encodeBase64url(bytesOf(spelling))), 'credential_malformed')
  }
})

test('[U6] a second signature over the same JSON does not give it a second name', async () => {
  const names = new Set<string | undefined>()
  for (let time = 0; time < 3; time += 1) names.add(parse(await jsonWith()).credential.signedText)
  assert.equal(names.size, 1)
  const other = parse(await jsonWith({ expires_at: now + 60 })).credential.signedText
  assert.ok(other !== undefined && !names.has(other))
})

test('[U1] [U6] a signature of one purpose is worth nothing for the other form', async () => {
  // The user signs an access token, or anything else, of the same claims: not a credential.
  const jwt = await jwtWith()
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as object
  for (const typ of ['JWT', 'at+jwt', 'ath-hs+jws', 'ath-user-proof+jwt'])
    assert.equal(
      await faultOf(await signJws(user.signer, typ, claims)),
      'credential_signature_wrong',
    )
  // The bare JSON instead of its domain-separated hash.
  const rest = { user_did: user.did, client_did: agent.did, scopes, expires_at: now + 60 }
  const signature = await signDetached(user.signer, handshakeTyp, bytesOf(canonical(rest)))
  const text = encodeBase64url(bytesOf(canonical({ ...rest, signature })))
  assert.equal(await faultOf(text), 'credential_signature_wrong')
})

const garbage = ['', '.', '..', '...', 'a.b.c', 'x', 'null', '{}', `${'A'.repeat(8193)}`, 'é']
for (const text of garbage)
  test(`[U6] ${JSON.stringify(text.slice(0, 20))} is no credential`, () => {
    const parsed = parseCredential(text)
    assert.equal(parsed.ok, false)
    if (!parsed.ok) assert.equal(parsed.error.kind, 'credential_malformed')
  })

test('[U6] no text makes the reader throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 200 }),
        fc.jsonValue().map((value) => encodeBase64url(bytesOf(JSON.stringify(value)))),
        fc.jsonValue().map((value) => `e30.${encodeBase64url(bytesOf(JSON.stringify(value)))}.AA`),
      ),
      (text) => assert.equal(parseCredential(text).ok, false),
    ),
    { numRuns: 500 },
  )
})
