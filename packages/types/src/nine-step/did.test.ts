import assert from 'node:assert/strict'
import test from 'node:test'
import { createDidKey } from '@sallyport/testing'
import fc from 'fast-check'
import { encodeBase64url } from '../attestation/base64url.ts'
import { encodeBase58 } from './base58.ts'
import { didDocument, didKeyOf, didOfKey, keyOfDidKey, keysOfDidDocument, parseDid } from './did.ts'
import { importJwk } from './public-key.ts'

const p256 = await createDidKey('ES256')
const ed25519 = await createDidKey('EdDSA')

test('[U4] did:ath with a thumbprint is its key’s, any other name a label', () => {
  const { thumbprint } = p256.publicKey
  assert.deepEqual(parseDid(`did:ath:${thumbprint}`), {
    ok: true,
    value: { method: 'ath_key', did: p256.did, thumbprint },
  })
  for (const label of [
    'ai_office_assistant_001',
    'a',
    'A.b-c_9',
    'x'.repeat(128),
    thumbprint.slice(1),
    `${thumbprint}a`,
  ])
    assert.deepEqual(parseDid(`did:ath:${label}`), {
      ok: true,
      value: { method: 'ath_label', did: `did:ath:${label}`, label },
    })
})

test('[U4] a label never passes for a key: 43 characters of canonical base64url are always a thumbprint', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const did = parseDid(`did:ath:${encodeBase64url(bytes)}`)
      assert.ok(did.ok)
      assert.equal(did.value.method, 'ath_key')
    }),
  )
})

const malformed = [
  '',
  'did:ath:',
  'did:ath:a b',
  'did:ath:a/b',
  'did:ath:a#key',
  'did:ath:a?x=1',
  'did:ath:ä',
  'did:ath:a\n',
  ' did:ath:a',
  'DID:ath:a',
  'did:ATH:a',
  `did:ath:${'x'.repeat(129)}`,
  'did:example:a',
  'did:key:',
  'did:key:f00',
  'did:key:z0OIl',
  `did:key:z${'1'.repeat(65)}`,
  'https://agent.example.com/agent.json',
]
for (const did of malformed)
  test(`[U4] ${JSON.stringify(did)} is no DID that can take part`, () => {
    assert.deepEqual(parseDid(did), { ok: false, error: 'did_malformed' })
  })

// did:web §3.2: where the document is.
const onTheWeb = [
  ['did:web:agents.example', 'https://agents.example/.well-known/did.json'],
  ['did:web:agents.example:office:1', 'https://agents.example/office/1/did.json'],
  ['did:web:agents.example%3A8443', 'https://agents.example:8443/.well-known/did.json'],
  ['did:web:agents.example%3A8443:a', 'https://agents.example:8443/a/did.json'],
  ['did:web:agents.example%3A443', 'https://agents.example/.well-known/did.json'],
  ['did:web:xn--bcher-kva.example:Mixed_Case', 'https://xn--bcher-kva.example/Mixed_Case/did.json'],
  ['did:web:localhost%3A3000', 'https://localhost:3000/.well-known/did.json'],
] as const
for (const [did, url] of onTheWeb)
  test(`[U4] the document of ${did} is at ${url}`, () => {
    const parsed = parseDid(did)
    assert.ok(parsed.ok && parsed.value.method === 'web')
    assert.equal(parsed.value.document.href, url)
  })

const hostile = [
  'did:web:',
  'did:web:127.0.0.1',
  'did:web:127.1',
  'did:web:10.0.0.1%3A80',
  'did:web:2130706433',
  'did:web:0x7f.1',
  'did:web:0x7f000001',
  'did:web:017700000001',
  'did:web:[::1]',
  'did:web:%5B::1%5D',
  'did:web:169.254.169.254:latest',
  'did:web:agents.example%3A0',
  'did:web:agents.example%3A080',
  'did:web:agents.example%3A65536',
  'did:web:agents.example%3a80',
  'did:web:agents.example:80%2F',
  'did:web:AGENTS.example',
  'did:web:agents.example.',
  'did:web:.agents.example',
  'did:web:agents..example',
  'did:web:...',
  'did:web:agents.example:..:admin',
  'did:web:agents.example:.',
  'did:web:agents.example::x',
  'did:web:agents.example:',
  'did:web:agents.example:a%2Fb',
  'did:web:agents.example:%2e%2e',
  'did:web:agents.example/path',
  'did:web:agents.example?x',
  'did:web:agents.example#x',
  'did:web:user@agents.example',
  'did:web:user%40agents.example',
  'did:web:agents.example\\evil',
  'did:web:agents.example\t',
  'did:web:аgents.example',
  `did:web:${'a'.repeat(64)}.${'b'.repeat(500)}`,
]
for (const did of hostile)
  test(`[U4] nothing is fetched for ${JSON.stringify(did.slice(0, 60))}`, () => {
    assert.deepEqual(parseDid(did), { ok: false, error: 'did_malformed' })
  })

test('[U4] whatever a did:web says, its document is fetched by https, from the host it names and no other', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9._%:@/\\#?[\]-]{0,24}$/)
  fc.assert(
    fc.property(part, part, (host, path) => {
      const parsed = parseDid(`did:web:${host}${path}`)
      if (!parsed.ok) return
      assert.equal(parsed.value.method, 'web')
      if (parsed.value.method !== 'web') return
      const { protocol, username, search, hash, hostname, pathname } = parsed.value.document
      assert.deepEqual([protocol, username, search, hash], ['https:', '', '', ''])
      assert.ok(`${host}${path}`.startsWith(hostname))
      assert.doesNotMatch(hostname, /^[\d.]+$|:/)
      assert.match(pathname, /\/did\.json$/)
    }),
    { numRuns: 3000 },
  )
})

// Fixtures of the did:key method, §7 of its specification: the key that each is.
const published = [
  [
    'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    { kty: 'OKP', crv: 'Ed25519', x: 'O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik' },
  ],
  [
    'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
      y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
    },
  ],
  [
    'did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv',
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns',
      y: 'efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM',
    },
  ],
] as const
for (const [did, jwk] of published)
  test(`[U4] ${did} is the key that its specification says, and back`, async () => {
    const parsed = parseDid(did)
    assert.ok(parsed.ok && parsed.value.method === 'key')
    const key = await keyOfDidKey(parsed.value.multikey)
    assert.ok(key.ok)
    assert.deepEqual(key.value.jwk, jwk)
    assert.equal(await didKeyOf(key.value), did)
  })

for (const { publicKey } of [p256, ed25519])
  test(`[U4] a fresh ${publicKey.alg} key comes back from its did:key`, async () => {
    const parsed = parseDid(await didKeyOf(publicKey))
    assert.ok(parsed.ok && parsed.value.method === 'key')
    const key = await keyOfDidKey(parsed.value.multikey)
    assert.ok(key.ok)
    assert.deepEqual(key.value.jwk, publicKey.jwk)
    assert.equal(key.value.thumbprint, publicKey.thumbprint)
  })

const x = new Uint8Array(32).fill(7)
const multikeys: readonly (readonly [string, readonly number[]])[] = [
  ['an X25519 key', [0xec, 0x01, ...x]],
  ['a secp256k1 key', [0xe7, 0x01, 2, ...x]],
  ['a P-384 key', [0x81, 0x24, 2, ...x, ...x.slice(16)]],
  ['an Ed25519 key one byte short', [0xed, 0x01, ...x.slice(1)]],
  ['a P-256 key one byte long', [0x80, 0x24, 2, ...x, 1]],
  ['an uncompressed P-256 point', [0x80, 0x24, 4, ...x, ...x]],
  ['a P-256 point with another form byte', [0x80, 0x24, 5, ...x]],
  ['an x beyond the field', [0x80, 0x24, 2, ...new Uint8Array(32).fill(0xff)]],
  ['nothing', []],
]
for (const [name, bytes] of multikeys)
  test(`[U4] ${name} as did:key is refused`, async () => {
    assert.deepEqual(await keyOfDidKey(Uint8Array.from(bytes)), {
      ok: false,
      error: 'did_malformed',
    })
    const did = `did:key:z${encodeBase58(Uint8Array.from(bytes))}`
    const parsed = parseDid(did)
    if (parsed.ok) assert.equal(parsed.value.method, 'key')
  })

test('[U4] the document of a DID holds its key, which is found again', async () => {
  const { did, publicKey } = p256
  assert.equal(did, didOfKey(publicKey))
  const document: unknown = JSON.parse(JSON.stringify(didDocument(did, publicKey.jwk)))
  const [jwk, ...more] = keysOfDidDocument(did, document)
  assert.equal(more.length, 0)
  const imported = await importJwk(jwk)
  assert.ok(imported.ok)
  assert.equal(imported.value.thumbprint, publicKey.thumbprint)
})

const did = 'did:web:agents.example'
const method = (id: string, more: object = {}) => ({
  id,
  type: 'JsonWebKey2020',
  controller: did,
  publicKeyJwk: { kid: id },
  ...more,
})
const documents: readonly (readonly [string, unknown, readonly string[]])[] = [
  [
    'keys that authentication names',
    {
      id: did,
      verificationMethod: [method('#a'), method(`${did}#b`), method('#c')],
      authentication: [`${did}#a`, '#b'],
    },
    ['#a', `${did}#b`],
  ],
  ['a key that stands in authentication', { id: did, authentication: [method('#a')] }, ['#a']],
  [
    'no key that is there for something else',
    { id: did, verificationMethod: [method('#a')], assertionMethod: ['#a'] },
    [],
  ],
  [
    'no key that another DID controls',
    {
      id: did,
      verificationMethod: [method('#a', { controller: 'did:web:evil.example' })],
      authentication: ['#a'],
    },
    [],
  ],
  [
    'no key of another document',
    { id: 'did:web:evil.example', verificationMethod: [method('#a')], authentication: ['#a'] },
    [],
  ],
  ['nothing where a name points nowhere', { id: did, authentication: ['#a', null, 7, {}] }, []],
  ['nothing in a list', [], []],
  ['nothing in null', null, []],
  ['nothing in text', 'did', []],
  ['nothing where authentication is no list', { id: did, authentication: method('#a') }, []],
  [
    'twenty at most',
    { id: did, authentication: Array.from({ length: 50 }, (_, at) => method(`#${at}`)) },
    Array.from({ length: 20 }, (_, at) => `#${at}`),
  ],
]
for (const [name, document, kids] of documents)
  test(`[U4] of a DID document count: ${name}`, () => {
    assert.deepEqual(
      keysOfDidDocument(did, document),
      kids.map((kid) => ({ kid })),
    )
  })
