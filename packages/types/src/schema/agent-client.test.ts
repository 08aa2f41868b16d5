import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAgentClientMetadata } from './agent-client.ts'

const metadata = {
  client_name: 'Office assistant',
  redirect_uris: ['https://office.example/callback'],
  ath_agent_id: 'https://office.example/.well-known/agent.json',
  ath_agent_type: 'assistant',
  ath_capabilities_requested: ['orders:read', 'orders:write'],
}
const read = (changes: object, allowLoopbackHttp = false) =>
  readAgentClientMetadata({ ...metadata, ...changes }, { allowLoopbackHttp })

test('[R7] metadata of an agent is read, and other members are left alone', () => {
  assert.deepEqual(read({}), { ok: true, value: metadata })
})

test('[R7] a client without any of the members is an ordinary one', () => {
  const ordinary = { client_name: 'Shop', software_statement: 'a.b.c' }
  assert.deepEqual(readAgentClientMetadata(ordinary, { allowLoopbackHttp: false }), {
    ok: true,
    value: undefined,
  })
})

for (const [what, changes, path] of [
  ['no id', { ath_agent_id: undefined }, 'ath_agent_id'],
  ['no type', { ath_agent_type: undefined }, 'ath_agent_type'],
  ['no capabilities', { ath_capabilities_requested: undefined }, 'ath_capabilities_requested'],
  ['an id that is not a URL', { ath_agent_id: 'office' }, 'ath_agent_id'],
  ['an id elsewhere than agent.json', { ath_agent_id: 'https://a.example/' }, 'ath_agent_id'],
  [
    'an id that is not on https',
    { ath_agent_id: 'http://127.0.0.1/.well-known/agent.json' },
    'ath_agent_id',
  ],
  ['a type of two words', { ath_agent_type: 'very helpful' }, 'ath_agent_type'],
  ['a type that is too long', { ath_agent_type: 'a'.repeat(65) }, 'ath_agent_type'],
  [
    'capabilities as one text',
    { ath_capabilities_requested: 'orders:read' },
    'ath_capabilities_requested',
  ],
  [
    'a capability that is no scope',
    { ath_capabilities_requested: ['orders:read', 'orders write'] },
    'ath_capabilities_requested[1]',
  ],
  [
    'too many capabilities',
    { ath_capabilities_requested: Array(101).fill('a') },
    'ath_capabilities_requested',
  ],
  ['an attestation that is no text', { ath_agent_attestation: {} }, 'ath_agent_attestation'],
  ['an endless attestation', { software_statement: 'a'.repeat(8193) }, 'software_statement'],
] as const)
  test(`[R7] metadata with ${what} is refused, and the fault is named`, () => {
    const result = read(changes)
    assert.deepEqual(result.ok ? 'accepted' : result.error.map((fault) => fault.path), [path])
  })

test('[R7] an agent on loopback is taken in development', () => {
  const ath_agent_id = 'http://127.0.0.1:4000/.well-known/agent.json'
  assert.equal(read({ ath_agent_id }, true).ok, true)
})

for (const value of [undefined, null, 'text', []])
  test(`[R7] ${JSON.stringify(value)} is no metadata`, () => {
    assert.equal(readAgentClientMetadata(value, { allowLoopbackHttp: false }).ok, false)
  })
