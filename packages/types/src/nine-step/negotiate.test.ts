import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { negotiate } from './negotiate.ts'
import { serverAuthPayload } from './transcript.ts'

const off = { encryption: 'off' } as const
const offered = { encryption: 'offered' } as const
const required = { encryption: 'required' } as const
const versions = ['0.1']
const plain = ['ES256', 'TLS1.3', 'ATH-HS-JWS']

test('[U11] [D21] of the versions that both speak the highest is taken: today the only one', () => {
  for (const list of [['0.1'], ['0.2', '0.1'], ['0.0', '0.1', '9.9'], ['0.1', '0.1']]) {
    const agreed = negotiate({ versions: list, capabilities: plain }, off)
    assert.ok(agreed.ok)
    assert.equal(agreed.value.version, '0.1')
  }
  for (const list of [['0.2'], ['1'], ['0.10'], ['v0.1'], [' 0.1'], ['0.1.0']])
    assert.deepEqual(negotiate({ versions: list, capabilities: plain }, off), {
      ok: false,
      error: { kind: 'version_unsupported', evidence: list.join(' ') },
    })
})

const agreements: readonly (readonly [
  string,
  readonly string[],
  typeof off | typeof offered | typeof required,
  readonly string[],
])[] = [
  ['ES256 alone', ['ES256', 'ATH-HS-JWS'], off, ['ES256', 'ATH-HS-JWS']],
  ['EdDSA alone', ['EdDSA', 'ATH-HS-JWS'], off, ['EdDSA', 'ATH-HS-JWS']],
  [
    'the server’s order, not the client’s',
    ['ATH-HS-JWS', 'EdDSA', 'ES256'],
    off,
    ['ES256', 'ATH-HS-JWS'],
  ],
  ['TLS 1.3 as information', plain, off, ['ES256', 'TLS1.3', 'ATH-HS-JWS']],
  [
    'nothing that only the client knows',
    [...plain, 'ES512', 'QUANTUM'],
    off,
    ['ES256', 'TLS1.3', 'ATH-HS-JWS'],
  ],
  [
    'no encryption where the server has it off',
    [...plain, 'ATH-ENC'],
    off,
    ['ES256', 'TLS1.3', 'ATH-HS-JWS'],
  ],
  ['no encryption where the client cannot', plain, offered, ['ES256', 'TLS1.3', 'ATH-HS-JWS']],
  [
    'encryption where both can',
    [...plain, 'ATH-ENC'],
    offered,
    ['ES256', 'TLS1.3', 'ATH-HS-JWS', 'ATH-ENC'],
  ],
  [
    'encryption where it is required',
    [...plain, 'ATH-ENC'],
    required,
    ['ES256', 'TLS1.3', 'ATH-HS-JWS', 'ATH-ENC'],
  ],
]
for (const [name, capabilities, server, expected] of agreements)
  test(`[U11] agreed is ${name}`, () => {
    const agreed = negotiate({ versions, capabilities: [...capabilities] }, server)
    assert.ok(agreed.ok)
    assert.deepEqual(agreed.value.capabilities, expected)
    assert.equal(agreed.value.alg, expected[0])
    assert.equal(agreed.value.encrypted, expected.includes('ATH-ENC'))
  })

const refusals: readonly (readonly [
  string,
  readonly string[],
  typeof off | typeof required,
  string,
])[] = [
  ['who signs bare nonces', ['ES256', 'TLS1.3'], off, 'bare_nonce'],
  ['who offers nothing', [], off, 'bare_nonce'],
  ['RS256 alone', ['RS256', 'ATH-HS-JWS'], off, 'algorithm_unsupported'],
  ['no signature algorithm', ['ATH-HS-JWS'], off, 'algorithm_unsupported'],
  ['names in lower case', ['es256', 'ATH-HS-JWS'], off, 'algorithm_unsupported'],
  ['plain requests where encryption is required', plain, required, 'algorithm_unsupported'],
]
for (const [name, capabilities, server, kind] of refusals)
  test(`[U11] [U1] refused: ${name}`, () => {
    const agreed = negotiate({ versions, capabilities: [...capabilities] }, server)
    assert.equal(agreed.ok, false)
    if (!agreed.ok) assert.equal(agreed.error.kind, kind)
  })

test('[U11] whatever is offered, what is agreed was offered, and an algorithm stands first', () => {
  const names = ['ES256', 'EdDSA', 'TLS1.3', 'ATH-HS-JWS', 'ATH-ENC', 'none', 'RS256']
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...names)),
      fc.constantFrom(off, offered, required),
      (capabilities, server) => {
        const agreed = negotiate({ versions, capabilities }, server)
        if (!agreed.ok) return
        for (const name of agreed.value.capabilities) assert.ok(capabilities.includes(name))
        assert.match(agreed.value.capabilities[0] ?? '', /^(?:ES256|EdDSA)$/)
        assert.ok(agreed.value.capabilities.includes('ATH-HS-JWS'))
      },
    ),
  )
})

test('[U11] [D8] a downgrade on the way shows: what the server signs changes with every capability', async () => {
  const m2 = '{"type":"handshake_response"}'
  const hello = (capabilities: readonly string[]) =>
    JSON.stringify({ capabilities, type: 'handshake_request', versions })
  const sent = await serverAuthPayload(hello([...plain, 'ATH-ENC']), m2)
  const arrived = await serverAuthPayload(hello(plain), m2)
  assert.notDeepEqual(sent, arrived)
})
