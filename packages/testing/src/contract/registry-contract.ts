import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AgentRegistry, Registration } from '@ath-protocol/server'
import { testEpoch } from '../clock.ts'
import { inParallel, type Open, unique, useAdapter } from './opened.ts'

export function sampleRegistration(changes: Partial<Registration> = {}): Registration {
  return {
    clientId: unique('ath_client'),
    agentId: `https://${unique('agent')}.example/agent.json`,
    name: 'Reporter 报告',
    developer: { name: 'Corp', id: 'corp', contact: 'dev@corp.example' },
    purpose: 'monthly report',
    redirectUris: ['https://agent.example/done'],
    status: 'approved',
    requested: [{ providerId: 'oa', scopes: ['oa:read', 'oa:write'] }],
    approvals: [
      {
        provider_id: 'oa',
        approved_scopes: ['oa:read'],
        denied_scopes: ['oa:write'],
        denial_reason: 'not allowed by rule reports',
      },
    ],
    approvalExpiresAt: testEpoch + 86_400,
    secretHash: 'hash-of-secret',
    registeredAt: testEpoch + 0.125,
    decidedAt: testEpoch + 0.125,
    decidedBy: 'rule:reports',
    ...changes,
  }
}

/** What every `AgentRegistry` does. */
export function registryContract(name: string, open: Open<AgentRegistry>): void {
  describe(`${name} as agent registry`, () => {
    const registry = useAdapter(open)

    test('gives back what was inserted, by client and by agent', async () => {
      const registration = sampleRegistration()
      assert.equal(await registry().insert(registration), true)
      assert.deepEqual(await registry().findByClientId(registration.clientId), registration)
      assert.deepEqual(await registry().findByAgentId(registration.agentId), registration)
    })

    test('keeps absent fields absent', async () => {
      const { purpose, redirectUris, ...rest } = sampleRegistration()
      const registration: Registration = { ...rest, developer: { name: 'n', id: 'i' } }
      await registry().insert(registration)
      assert.deepEqual(await registry().findByClientId(rest.clientId), registration)
    })

    test('[U4] [U13] keeps the key of an agent that came by DID, and what its approval is limited to', async () => {
      const registration = sampleRegistration({
        agentId: unique('did:ath:office'),
        keyThumbprint: 'thumbprint',
        restrictions: { ip_whitelist: ['10.0.0.0/8'], access_time: '9:00-18:00' },
      })
      await registry().insert(registration)
      assert.deepEqual(await registry().findByAgentId(registration.agentId), registration)
      const changes = { keyThumbprint: 'other', restrictions: { rate_limit: '5/minute' } }
      await registry().update(registration.clientId, changes)
      const updated = { ...registration, ...changes }
      assert.deepEqual(await registry().findByClientId(registration.clientId), updated)
      const { keyThumbprint, restrictions, ...rest } = updated
      assert.equal(await registry().replace(updated, rest), true)
      assert.deepEqual(await registry().findByClientId(registration.clientId), rest)
    })

    test('does not know an agent or client that was never inserted', async () => {
      assert.equal(await registry().findByClientId('ath_nobody'), undefined)
      assert.equal(await registry().findByAgentId('https://nobody.example/a.json'), undefined)
      assert.equal(await registry().update('ath_nobody', { status: 'denied' }), false)
    })

    test('a taken agent_id or client_id is refused and changes nothing', async () => {
      const first = sampleRegistration()
      await registry().insert(first)
      const { agentId, clientId } = first
      assert.equal(await registry().insert(sampleRegistration({ agentId, name: 'other' })), false)
      assert.equal(await registry().insert(sampleRegistration({ clientId, name: 'other' })), false)
      assert.deepEqual(await registry().findByClientId(clientId), first)
    })

    test('of 50 parallel registrations of one agent exactly one wins', async () => {
      const { agentId } = sampleRegistration()
      const rivals = Array.from({ length: 50 }, () => sampleRegistration({ agentId }))
      const won = await inParallel(50, (index) => registry().insert(rivals[index] as Registration))
      assert.equal(won.filter(Boolean).length, 1)
      assert.deepEqual(await registry().findByAgentId(agentId), rivals[won.indexOf(true)])
    })

    test('an update replaces the fields given and no others', async () => {
      const registration = sampleRegistration()
      await registry().insert(registration)
      const changes = {
        status: 'suspended',
        approvals: [],
        secretHash: 'next-hash',
        previousSecret: { hash: 'hash-of-secret', until: testEpoch + 60 },
        decidedBy: 'operator:li',
      } as const
      assert.equal(await registry().update(registration.clientId, changes), true)
      assert.deepEqual(await registry().findByClientId(registration.clientId), {
        ...registration,
        ...changes,
      })
      assert.equal(await registry().update(registration.clientId, {}), true)
    })

    test('a replacement leaves nothing of what was there, and comes too late when somebody decided since', async () => {
      const seen = sampleRegistration({
        purpose: 'before',
        redirectUris: ['https://agent.example/cb'],
        previousSecret: { hash: 'older', until: testEpoch + 60 },
      })
      await registry().insert(seen)
      const { purpose: _, redirectUris: __, previousSecret: ___, ...rest } = seen
      const next: Registration = { ...rest, name: 'renewed', secretHash: 'renewed-hash' }
      for (const decided of [
        { status: 'suspended' },
        { status: 'approved', decidedAt: seen.decidedAt + 1 },
        { decidedAt: seen.decidedAt, secretHash: 'rotated' },
      ] as const) {
        await registry().update(seen.clientId, decided)
        assert.equal(await registry().replace(seen, next), false)
      }
      await registry().update(seen.clientId, { secretHash: seen.secretHash })
      assert.equal(await registry().replace(seen, next), true)
      assert.deepEqual(await registry().findByClientId(seen.clientId), next)
      assert.equal(await registry().replace(seen, next), false)
    })

    test('lists by status, the oldest first', async () => {
      const older = sampleRegistration({ status: 'pending', registeredAt: testEpoch + 1 })
      const newer = sampleRegistration({ status: 'pending', registeredAt: testEpoch + 2 })
      await registry().insert(newer)
      await registry().insert(older)
      assert.deepEqual(await registry().list({ status: 'pending' }), [older, newer])
      const all = await registry().list()
      assert.ok(all.length > 2)
      assert.ok(all.some(({ status }) => status === 'approved'))
    })
  })
}
