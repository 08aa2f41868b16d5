import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AthConfig, Registration } from '@ath-protocol/server'
import { decideScopes } from '../../src/admin/decide.ts'

const scopes = [{ name: 'read' }, { name: 'write' }]
const providers: AthConfig['providers'] = new Map(
  ['wiki', 'payroll'].map((id) => [
    id,
    { id, displayName: id, scopes, authMode: 'none', consentPage: true },
  ]),
)

/** Asks two systems that both call a scope `read`. */
const agent: Registration = {
  clientId: 'ath_1',
  agentId: 'https://agent.example/.well-known/agent.json',
  name: 'Agent',
  developer: { name: 'd', id: 'd' },
  status: 'pending',
  requested: [
    { providerId: 'wiki', scopes: ['read', 'write'] },
    { providerId: 'payroll', scopes: ['read'] },
  ],
  approvals: [],
  approvalExpiresAt: 1,
  secretHash: '',
  registeredAt: 0,
  decidedAt: 0,
  decidedBy: 'default',
}

function approved(chosen: readonly string[]): Record<string, readonly string[]> {
  const decided = decideScopes(agent, providers, chosen)
  assert.ok(decided.ok, JSON.stringify(decided))
  return Object.fromEntries(
    decided.value.map(({ provider_id, approved_scopes }) => [provider_id, approved_scopes]),
  )
}

test('[R43] approving `read` of one system does not approve the `read` of another that the agent slipped in', () => {
  const both = decideScopes(agent, providers, ['read'])
  assert.ok(!both.ok)
  assert.equal(both.error.status, 400)
  assert.match(both.error.fix ?? '', /wiki\/read.*payroll\/read/)
  assert.deepEqual(approved(['wiki/read']), { wiki: ['read'], payroll: [] })
  assert.deepEqual(approved(['payroll/read', 'write']), { wiki: ['write'], payroll: ['read'] })
})

test('a scope of a system that was not asked for is refused, not ignored', () => {
  for (const stranger of ['payroll/write', 'other/read', 'admin'])
    assert.equal(decideScopes(agent, providers, [stranger]).ok, false, stranger)
})
