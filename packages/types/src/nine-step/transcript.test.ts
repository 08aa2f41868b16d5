import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import fc from 'fast-check'
import { domainSeparated } from './domain.ts'
import {
  clientAuthPayload,
  finishPayload,
  jsonCredentialPayload,
  presentationPayload,
  serverAuthPayload,
  sessionRequestPayload,
  type Transcript,
  userDecisionPayload,
} from './transcript.ts'

const sha = (text: string) => createHash('sha256').update(text).digest()
const ds = (label: string, ...parts: readonly string[]) =>
  Uint8Array.from(Buffer.concat([Buffer.from(`${label}\0`), ...parts.map(sha)]))

const transcript: Transcript = { m1: '1', m2: '2', m3: '3', m4: '4', m5: '5', m8: '8' }
const upTo8 = ['1', '2', '3', '4', '5', '8']

/** Everything that the keys of a handshake sign, with the bytes as U1 defines them. */
const purposes: readonly (readonly [string, Promise<Uint8Array>, Uint8Array])[] = [
  ['server auth', serverAuthPayload('1', '2'), ds('ATH/0.1 handshake server auth', '1', '2')],
  [
    'client auth',
    clientAuthPayload('1', '2', '3'),
    ds('ATH/0.1 handshake client auth', '1', '2', '3'),
  ],
  [
    'presentation',
    presentationPayload('1', '2', 'c', '5'),
    ds('ATH/0.1 user credential presentation', '1', '2', 'c', '5'),
  ],
  ['JSON credential', jsonCredentialPayload('0'), ds('ATH/0.1 user credential', '0')],
  ['user decision', userDecisionPayload('6', '7'), ds('ATH/0.1 user decision', '6', '7')],
  [
    'client finish',
    finishPayload('client', transcript, '9c'),
    ds('ATH/0.1 handshake finish client', ...upTo8, '9c'),
  ],
  [
    'server finish',
    finishPayload('server', transcript, '9c', '9s'),
    ds('ATH/0.1 handshake finish server', ...upTo8, '9c', '9s'),
  ],
  [
    'session request',
    sessionRequestPayload('did:ath:s', 'r'),
    ds('ATH/0.1 session request', 'did:ath:s', 'r'),
  ],
]

for (const [name, made, expected] of purposes)
  test(`[U1] what is signed as ${name} is its label, a zero byte and the hashes of its parts`, async () => {
    assert.deepEqual(await made, expected)
  })

test('[U1] no payload is the beginning of another: a signature of one purpose fits no other', async () => {
  const payloads = await Promise.all(
    purposes.map(async ([, made]) => Buffer.from(await made).toString('latin1')),
  )
  const labels = payloads.map((payload) => payload.slice(0, payload.indexOf('\0') + 1))
  assert.equal(new Set(labels).size, purposes.length)
  for (const [at, label] of labels.entries())
    for (const [other, payload] of payloads.entries())
      if (at !== other) assert.ok(!payload.startsWith(label))
})

test('[U1] a peer’s nonce, whatever it is, never stands in what is signed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 8, unit: 'binary-ascii' }), async (nonce) => {
      const payload = Buffer.from(await serverAuthPayload(nonce, nonce)).toString('latin1')
      assert.ok(!payload.includes(nonce) || 'ATH/0.1 handshake server auth\0'.includes(nonce))
    }),
    { numRuns: 100 },
  )
})

test('[U1] a payload cannot be the input of a token: it has a zero byte, and no token has', async () => {
  for (const [, made] of purposes) assert.ok((await made).includes(0))
})

test('[U1] parts that are cut elsewhere make another payload', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
      fc.array(fc.string(), { minLength: 1, maxLength: 4 }),
      async (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        fc.pre([...one, ...other].every((text) => text.isWellFormed()))
        assert.notDeepEqual(
          await domainSeparated('x', ...one),
          await domainSeparated('x', ...other),
        )
      },
    ),
    { numRuns: 100 },
  )
})
