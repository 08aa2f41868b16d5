import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { decodeBase64url, encodeBase64url } from '../attestation/base64url.ts'
import { verifyDetached } from '../jws/jws.ts'
import { compileRestrictions } from '../restriction/check.ts'
import { restrictionsSchema } from '../restriction/restrictions.ts'
import { readAccessToken } from './access-token.ts'
import { canonicalJson } from './canonical-json.ts'
import { canonicalWithout } from './canonical-without.ts'
import { checkCredential, parseCredential, verifyCredential } from './credential.ts'
import { didDocument, didKeyOf, didOfKey, parseDid } from './did.ts'
import { bytesOf } from './domain.ts'
import { decryptMessage, encryptMessage, importDirection } from './encrypted-message.ts'
import {
  clientMessageSchema,
  completionSchema,
  confirmationRequestSchema,
  confirmationResponseSchema,
  handshakeResponseSchema,
  identityResultSchema,
  scopeResultSchema,
} from './messages.ts'
import { negotiate } from './negotiate.ts'
import { parseUserProof, verifyHandshakeProof } from './proof.ts'
import { exportPem, importJwk, importKeyText, type PublicKey } from './public-key.ts'
import { freshWindow, takeSequence } from './sequence-window.ts'
import { deriveSessionKeys, readKeyShare } from './session-keys.ts'
import {
  clientAuthPayload,
  finishPayload,
  handshakeTyp,
  jsonCredentialPayload,
  presentationPayload,
  serverAuthPayload,
  sessionRequestPayload,
  transcriptHash,
  userDecisionPayload,
} from './transcript.ts'

type Json = Readonly<Record<string, unknown>>
type PrivateJwk = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'd', string>>
interface Message {
  readonly message: Json
  readonly canonical: string
  readonly signed?: {
    readonly by: KeyName
    readonly own_part: string
    readonly without: readonly string[]
    readonly payload_hex: string
  }
}
type Name = 'm1' | 'm2' | 'm3' | 'm4' | 'm5' | 'm6' | 'm7' | 'm8' | 'm9_client' | 'm9_server'
type KeyName = 'client' | 'server' | 'user'
interface Encrypted {
  readonly header: Parameters<typeof encryptMessage>[1]
  readonly message: Json & { readonly body: string }
  readonly nonce_hex: string
  readonly jwe: string
}
/** What the file holds; nothing of it is believed before it was made again. */
interface Vectors {
  readonly labels: Readonly<Record<string, string>>
  readonly keys: Readonly<
    Record<
      'client' | 'server_handshake' | 'server_token' | 'user',
      {
        readonly private_jwk: Json
        readonly public_jwk: Json
        readonly thumbprint: string
        readonly did_ath: string
        readonly did_key: string
        readonly pem: string
      }
    >
  >
  readonly did_document: Json
  readonly canonical: readonly { readonly json: string; readonly canonical: string | null }[]
  readonly dids: readonly {
    readonly did: string
    readonly method: string | null
    readonly document?: string
  }[]
  readonly negotiation: readonly {
    readonly versions: string[]
    readonly capabilities: string[]
    readonly encryption: 'off' | 'offered' | 'required'
    readonly agreed?: readonly string[]
    readonly refused?: string
  }[]
  readonly credentials: {
    readonly jwt: { readonly text: string; readonly claims: Json }
    readonly json: {
      readonly text: string
      readonly signed_text: string
      readonly payload_hex: string
    }
  }
  readonly messages: Readonly<Record<Name, Message>>
  readonly passkey_challenge: string
  readonly key_agreement: Readonly<Record<string, string>> & {
    readonly client_private_jwk: PrivateJwk
    readonly server_private_jwk: PrivateJwk
  }
  readonly access_token: { readonly issuer: string; readonly claims: Json; readonly jwt: string }
  readonly proofs: {
    readonly handshake_proof: {
      readonly handshake_id: string
      readonly at: number
      readonly jws: string
    }
    readonly user_proof: {
      readonly claims: { readonly aud: string; readonly htm: string; readonly htu: string } & Json
      readonly jws: string
    }
    readonly token_refresh: {
      readonly server_did: string
      readonly message: Json
      readonly own_part: string
      readonly payload_hex: string
    }
  }
  readonly encrypted: { readonly request: Encrypted; readonly answer: Encrypted }
  readonly sequence_numbers: readonly {
    readonly arrive: readonly number[]
    readonly taken: readonly boolean[]
  }[]
  readonly key_shares_refused: readonly (string | Json)[]
  readonly nonces_refused: readonly string[]
  readonly restrictions: readonly {
    readonly restrictions: Json
    readonly ip: string
    readonly at: string
    readonly refused: string | null
  }[]
  readonly restrictions_that_do_not_load: readonly Json[]
}

const vectors = JSON.parse(
  readFileSync(
    new URL('../../../../docs/reference/handshake-vectors.json', import.meta.url),
    'utf8',
  ),
) as Vectors
const { messages, keys } = vectors

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const secretHex = (secret: string): string => hex(decodeBase64url(secret) ?? new Uint8Array())

async function keyOf(name: keyof Vectors['keys']): Promise<PublicKey> {
  const key = await importJwk(keys[name].public_jwk)
  assert.ok(key.ok)
  return key.value
}
const signers: Readonly<Record<KeyName, PublicKey>> = {
  client: await keyOf('client'),
  server: await keyOf('server_handshake'),
  user: await keyOf('user'),
}

for (const name of Object.keys(keys) as (keyof Vectors['keys'])[])
  test(`[U4] the vector key ${name} has the names that the file gives it`, async () => {
    const shown = keys[name]
    const key = await keyOf(name)
    const { d, ...open } = shown.private_jwk
    assert.equal(typeof d, 'string')
    assert.deepEqual(open, shown.public_jwk)
    assert.equal(key.thumbprint, shown.thumbprint)
    assert.equal(didOfKey(key), shown.did_ath)
    assert.equal(await didKeyOf(key), shown.did_key)
    assert.equal(await exportPem(key.key), shown.pem)
    const fromPem = await importKeyText(shown.pem)
    assert.ok(fromPem.ok)
    assert.equal(fromPem.value.thumbprint, shown.thumbprint)
  })

test('[U4] the document of the server’s DID is the one of the file', async () => {
  assert.deepEqual(
    vectors.did_document,
    JSON.parse(
      JSON.stringify(didDocument(keys.server_handshake.did_ath, signers.server.jwk)),
    ) as Json,
  )
})

for (const { json, canonical } of vectors.canonical)
  test(`[U1] vector: ${json.slice(0, 40)} ${canonical === null ? 'has no canonical JSON' : 'is made canonical'}`, () => {
    const made = canonicalJson(JSON.parse(json))
    assert.equal(made.ok ? made.value : null, canonical)
  })

for (const { did, method, document } of vectors.dids)
  test(`[U4] vector: ${did} is ${method ?? 'refused'}`, () => {
    const parsed = parseDid(did)
    assert.equal(parsed.ok ? parsed.value.method : null, method)
    if (parsed.ok && parsed.value.method === 'web')
      assert.equal(parsed.value.document.href, document)
  })

for (const { agreed, refused, ...offer } of vectors.negotiation)
  test(`[U11] vector: ${offer.capabilities.join(' ')} with encryption ${offer.encryption}`, () => {
    const made = negotiate(offer, offer)
    assert.deepEqual(made.ok ? made.value.capabilities : made.error.kind, agreed ?? refused)
  })

const schemas = {
  m1: clientMessageSchema,
  m2: handshakeResponseSchema,
  m3: clientMessageSchema,
  m4: identityResultSchema,
  m5: clientMessageSchema,
  m6: confirmationRequestSchema,
  m7: confirmationResponseSchema,
  m8: scopeResultSchema,
  m9_client: clientMessageSchema,
  m9_server: completionSchema,
} as const

const at = (name: Name): string => messages[name].canonical
const transcript = {
  m1: at('m1'),
  m2: at('m2'),
  m3: at('m3'),
  m4: at('m4'),
  m5: at('m5'),
  m8: at('m8'),
}

/** The payload of each signed message, from what came before and its own part. */
const payloads: Readonly<Record<string, (own: string) => Promise<Uint8Array>>> = {
  m2: (own) => serverAuthPayload(at('m1'), own),
  m3: (own) => clientAuthPayload(at('m1'), at('m2'), own),
  m5: (own) => presentationPayload(at('m1'), at('m2'), vectors.credentials.jwt.text, own),
  m7: (own) => userDecisionPayload(at('m6'), own),
  m9_client: (own) => finishPayload('client', transcript, own),
  m9_server: (own) => finishPayload('server', transcript, at('m9_client'), own),
}

for (const name of Object.keys(schemas) as Name[]) {
  const { message, canonical, signed } = messages[name]
  test(`[D1] vector ${name} is a message of its kind, and its canonical JSON the one of the file`, () => {
    assert.ok(schemas[name].safeParse(message).success)
    assert.equal(canonicalWithout(message), canonical)
    assert.equal(signed !== undefined, name in payloads)
  })
  if (!signed) continue
  test(`[U1] vector ${name}: the payload is made from the transcript, and ${signed.by} signed it`, async () => {
    assert.equal(canonicalWithout(message, ...signed.without), signed.own_part)
    const payload = await payloads[name]?.(signed.own_part)
    assert.ok(payload)
    assert.equal(hex(payload), signed.payload_hex)
    const holder = name === 'm5' ? (message['user_authorization'] as Json) : message
    const signature = String(holder['signature'])
    const verified = await verifyDetached(signature, handshakeTyp, payload, signers[signed.by])
    assert.ok(verified.ok)
    for (const [other, key] of Object.entries(signers))
      if (other !== signed.by)
        assert.equal((await verifyDetached(signature, handshakeTyp, payload, key)).ok, false)
  })
  test(`[U1] vector ${name}: its label begins the payload, and its parts are as many as it says`, () => {
    const [label = '', parts = ''] = vectors.labels[name]?.split(': ') ?? []
    const payload = Buffer.from(signed.payload_hex, 'hex')
    assert.equal(payload.subarray(0, label.length + 1).toString('latin1'), `${label}\0`)
    assert.equal(payload.length, label.length + 1 + 32 * parts.split(', ').length)
  })
}

test('[U7] vector: a passkey’s challenge is the hash of what a key would sign', () => {
  const payload = Buffer.from(messages.m7.signed?.payload_hex ?? '', 'hex')
  assert.equal(createHash('sha256').update(payload).digest('base64url'), vectors.passkey_challenge)
})

for (const form of ['jwt', 'json'] as const)
  test(`[U6] vector: the credential as ${form} holds for this client at this server`, async () => {
    const parsed = parseCredential(vectors.credentials[form].text)
    assert.ok(parsed.ok)
    const { credential } = parsed.value
    assert.equal(credential.form, form)
    const checked = checkCredential(credential, {
      now: Number(messages.m5.message['timestamp']),
      audiences: [keys.server_handshake.did_ath],
      clientDid: String(messages.m1.message['client_did']),
      clientThumbprint: keys.client.thumbprint,
    })
    assert.ok(checked.ok)
    assert.ok((await verifyCredential(parsed.value, signers.user)).ok)
    const { signed_text, payload_hex } = vectors.credentials.json
    if (form === 'json') {
      assert.equal(credential.signedText, signed_text)
      assert.equal(hex(await jsonCredentialPayload(signed_text)), payload_hex)
    }
  })

test('[U8] vector: both sides derive the secrets of the file', async () => {
  const given = vectors.key_agreement
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const
  const importPrivate = (jwk: PrivateJwk) =>
    crypto.subtle.importKey('jwk', jwk, ecdh, false, ['deriveBits'])
  const hash = await transcriptHash(
    transcript,
    at('m9_client'),
    messages.m9_server.signed?.own_part ?? '',
  )
  assert.equal(hex(hash), given['transcript_hash_hex'])
  for (const [own, peer] of [
    [given.client_private_jwk, messages.m9_server],
    [given.server_private_jwk, messages.m9_client],
  ] as const) {
    const privateKey = await importPrivate(own)
    const share = await readKeyShare(peer.message['key_exchange_params'] as Json)
    assert.ok(share.ok)
    const shared = await crypto.subtle.deriveBits(
      { name: 'ECDH', public: share.value },
      privateKey,
      256,
    )
    assert.equal(hex(new Uint8Array(shared)), given['shared_secret_hex'])
    const derived = await deriveSessionKeys(
      privateKey,
      share.value,
      hash,
      String(given['handshake_id']),
    )
    assert.deepEqual(
      Object.values(derived).map(secretHex),
      ['key_c2s', 'key_s2c', 'iv_c2s', 'iv_s2c', 'exporter'].map((name) => given[`${name}_hex`]),
    )
  }
})

const unhex = (name: string): string =>
  encodeBase64url(Buffer.from(vectors.key_agreement[`${name}_hex`] ?? '', 'hex'))

for (const [name, direction] of [
  ['request', 'c2s'],
  ['answer', 's2c'],
] as const)
  test(`[U10] vector: the encrypted ${name} is made again byte for byte, and opened`, async () => {
    const { header, message, nonce_hex, jwe } = vectors.encrypted[name]
    const key = await importDirection(
      {
        keyC2s: unhex('key_c2s'),
        keyS2c: unhex('key_s2c'),
        ivC2s: unhex('iv_c2s'),
        ivS2c: unhex('iv_s2c'),
        exporter: unhex('exporter'),
      },
      direction,
    )
    const inner = { ...message, body: decodeBase64url(message.body) ?? new Uint8Array() }
    assert.equal(await encryptMessage(key, header, inner), jwe)
    assert.equal(secretHex(jwe.split('.')[2] ?? ''), nonce_hex)
    const opened = await decryptMessage(key, jwe)
    assert.ok(opened.ok)
    assert.deepEqual(opened.value.message, inner)
  })

test('[U9] vector: the access token is the gateway’s, bound to the client’s key', async () => {
  const { issuer, claims, jwt } = vectors.access_token
  const read = await readAccessToken(jwt, { issuer }, await keyOf('server_token'))
  assert.deepEqual(read, { ok: true, value: claims })
  assert.deepEqual(claims['cnf'], { jkt: keys.client.thumbprint })
  assert.equal(messages.m9_server.message['access_token'], jwt)
  assert.equal((await readAccessToken(jwt, { issuer }, signers.server)).ok, false)
})

test('[U3] [U7] [U9] vector: the proofs of client and user hold, and the refresh is signed for one server', async () => {
  const { handshake_proof, user_proof, token_refresh } = vectors.proofs
  const { handshake_id: handshakeId, at: now, jws } = handshake_proof
  assert.ok((await verifyHandshakeProof(jws, { handshakeId, now }, signers.client)).ok)
  const { aud, htm, htu } = user_proof.claims
  const proof = parseUserProof(user_proof.jws, {
    audiences: [aud],
    method: htm,
    target: htu,
    now: Number(user_proof.claims['iat']),
  })
  assert.ok(proof.ok)
  assert.ok((await proof.value.verify(signers.user)).ok)
  const { message, own_part: ownPart, server_did: serverDid } = token_refresh
  assert.equal(canonicalWithout(message, 'signature'), ownPart)
  const payload = await sessionRequestPayload(serverDid, ownPart)
  assert.equal(hex(payload), token_refresh.payload_hex)
  const signature = String(message['signature'])
  assert.ok((await verifyDetached(signature, handshakeTyp, payload, signers.client)).ok)
  const elsewhere = await sessionRequestPayload('did:ath:other', ownPart)
  assert.equal((await verifyDetached(signature, handshakeTyp, elsewhere, signers.client)).ok, false)
})

for (const { arrive, taken } of vectors.sequence_numbers)
  test(`[U10] vector: of the numbers ${arrive.join(', ')} those are taken that the file says`, () => {
    let window = freshWindow
    const made = arrive.map((seq) => {
      const result = takeSequence(window, seq)
      if (result.ok) window = result.value
      return result.ok
    })
    assert.deepEqual(made, taken)
  })

test('[U8] vector: none of the refused key shares is taken', async () => {
  for (const share of vectors.key_shares_refused)
    assert.equal((await readKeyShare(share)).ok, false)
})

test('[U2] vector: none of the refused nonces is taken', () => {
  const { message } = messages.m1
  for (const nonce of vectors.nonces_refused)
    assert.equal(clientMessageSchema.safeParse({ ...message, nonce }).success, false)
})

for (const { restrictions, ip, at: instant, refused } of vectors.restrictions)
  test(`[U13] vector: ${JSON.stringify(restrictions)} from ${ip} at ${instant} is ${refused ?? 'let through'}`, () => {
    const compiled = compileRestrictions([restrictionsSchema.parse(restrictions)])
    const checked = compiled.check({ ip, now: Date.parse(instant) / 1000 })
    assert.equal(checked.ok ? null : checked.error.kind, refused)
  })

for (const restrictions of vectors.restrictions_that_do_not_load)
  test(`[U13] vector: ${JSON.stringify(restrictions)} does not load`, () => {
    assert.equal(restrictionsSchema.safeParse(restrictions).success, false)
  })

test('the payloads of the file are hashes of texts that stand in the file', () => {
  const sha = (text: string) => createHash('sha256').update(bytesOf(text)).digest('hex')
  const m2 = messages.m2.signed
  assert.ok(m2)
  assert.equal(
    m2.payload_hex,
    `${hex(bytesOf('ATH/0.1 handshake server auth\0'))}${sha(at('m1'))}${sha(m2.own_part)}`,
  )
})
