import assert from 'node:assert/strict'
import test from 'node:test'
import { createDidKey, testEpoch as now } from '@sallyport/testing'
import { jwtVerify } from 'jose'
import { signJws } from '../jws/jws.ts'
import { type AccessTokenClaims, accessTokenTyp, readAccessToken } from './access-token.ts'

const server = await createDidKey('ES256')
const thief = await createDidKey('ES256')
const issuer = 'https://gateway.example'
const claims: AccessTokenClaims = {
  iss: issuer,
  aud: issuer,
  sub: 'usr_1',
  client_id: 'ath_1',
  ath_agent_id: 'did:ath:ai_office_assistant_001',
  ath_provider: ['oa', 'crm'],
  scope: 'oa:read crm:write',
  iat: now,
  exp: now + 3600,
  jti: '0123456789abcdef',
  sid: 'ath_ses_1',
  cnf: { jkt: thief.publicKey.thumbprint },
}
const sign = (changes: Record<string, unknown> = {}, typ = accessTokenTyp, key = server) =>
  signJws(key.signer, typ, { ...claims, ...changes })
const read = (jwt: string) => readAccessToken(jwt, { issuer }, server.publicKey)

test('[U9] [D17] an access token is an RFC 9068 JWT that jose verifies too', async () => {
  const jwt = await sign()
  assert.deepEqual(await read(jwt), { ok: true, value: claims })
  const { payload } = await jwtVerify(jwt, server.publicKey.key, {
    algorithms: ['ES256'],
    typ: 'at+jwt',
    issuer,
    audience: issuer,
    currentDate: new Date(now * 1000),
    requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti'],
  })
  assert.deepEqual(payload, claims)
})

test('[U9] a token of another issuer, or for another audience, is not ours', async () => {
  for (const changes of [
    { iss: 'https://other.example' },
    { aud: 'https://other.example' },
    { iss: `${issuer}/` },
  ])
    assert.deepEqual(await read(await sign(changes)), { ok: false, error: 'not_ours' })
})

test('[U9] [D17] a token by another key, or a signature for another purpose, is refused', async () => {
  for (const jwt of [
    await sign({}, accessTokenTyp, thief),
    await sign({}, 'JWT'),
    await sign({}, 'ath-user-auth+jwt'),
    await sign({}, 'ath-hs+jws'),
    await sign({}, 'AT+JWT'),
  ])
    assert.deepEqual(await read(jwt), { ok: false, error: 'signature_wrong' })
})

for (const name of Object.keys(claims))
  test(`[U9] a token without \`${name}\` is refused`, async () => {
    assert.deepEqual(await read(await sign({ [name]: undefined })), {
      ok: false,
      error: 'malformed',
    })
  })

test('[U9] claims of another kind are refused', async () => {
  for (const changes of [
    { aud: [issuer] },
    { scope: ['oa:read'] },
    { scope: 'oa:read  crm:write' },
    { scope: '' },
    { ath_provider: [] },
    { ath_provider: 'oa' },
    { exp: '9999999999' },
    { exp: now + 0.5 },
    { cnf: {} },
    { jti: 'short' },
  ])
    assert.deepEqual(
      await read(await sign(changes)),
      { ok: false, error: 'malformed' },
      JSON.stringify(changes),
    )
})

test('[U9] what is no JWS, or too long, is refused', async () => {
  for (const jwt of ['', 'ath_tk_x', 'a.b.c', await sign({ more: 'x'.repeat(8192) })])
    assert.deepEqual(await read(jwt), { ok: false, error: 'malformed' })
})
