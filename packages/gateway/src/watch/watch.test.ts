import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuditEvent, InMemoryAgentRegistry } from '@ath-protocol/server'
import { createVirtualClock } from '@sallyport/testing'
import { createWatch, publishedPrivateKey, type WatchRule } from './watch.ts'
import { watchedAudit } from './watched-audit.ts'

const agentId = 'https://a.example/.well-known/agent.json'
const violation: AuditEvent = {
  event: 'scope_violation',
  outcome: 'denied',
  agent_id: agentId,
  ip: '192.0.2.1',
}
const rule: WatchRule = {
  event: 'scope_violation',
  by: 'agent_id',
  count: 3,
  perSeconds: 60,
  suspend: true,
}

test('[R118] the third violation within the window raises one alert, and the next window may raise another', () => {
  const watch = createWatch([rule])
  assert.deepEqual(watch.observe(violation, 0), [])
  assert.deepEqual(watch.observe(violation, 1), [])
  assert.deepEqual(watch.observe(violation, 2), [{ rule, subject: agentId }])
  assert.deepEqual(watch.observe(violation, 3), [])
  assert.deepEqual(watch.observe(violation, 61), [])
  assert.deepEqual(watch.observe(violation, 62), [])
  assert.equal(watch.observe(violation, 63).length, 1)
})

test('[R118] a document that shows a private key raises an alert at once, besides what is counted', () => {
  const counted: WatchRule = { ...rule, event: 'attestation_failed', count: 2 }
  const watch = createWatch([publishedPrivateKey, counted])
  const failed: AuditEvent = { ...violation, event: 'attestation_failed', denial_reason: 'expired' }
  assert.deepEqual(watch.observe(failed, 0), [])
  assert.deepEqual(
    watch.observe({ ...failed, denial_reason: 'key_is_private' }, 1).map((alert) => alert.rule),
    [publishedPrivateKey, counted],
  )
  assert.deepEqual(watch.observe({ ...failed, denial_reason: 'key_is_private' }, 2), [])
})

test('[R118] repetitions are counted for each agent alone, and other events not at all', () => {
  const watch = createWatch([rule])
  for (let turn = 0; turn < 10; turn++) {
    assert.deepEqual(watch.observe({ ...violation, agent_id: `${agentId}/${turn}` }, turn), [])
    assert.deepEqual(watch.observe({ ...violation, event: 'proxy_request' }, turn), [])
  }
})

test('[R120] an agent that keeps violating its scopes is suspended, recorded and stopped at once', async () => {
  const registry = new InMemoryAgentRegistry()
  await registry.insert({
    clientId: 'ath_1',
    agentId,
    name: 'A',
    developer: { name: 'D', id: 'd' },
    status: 'approved',
    requested: [],
    approvals: [],
    approvalExpiresAt: 1e10,
    secretHash: '',
    registeredAt: 0,
    decidedAt: 0,
    decidedBy: 'rule:x',
  })
  const events: AuditEvent[] = []
  const raised: string[] = []
  const { promise: stopped, resolve } = Promise.withResolvers<string>()
  const audit = watchedAudit({
    audit: { record: (event) => `evt_${events.push(event)}`, settled: async () => {} },
    watch: createWatch([rule]),
    clock: createVirtualClock(),
    registry,
    live: { agentChanged: resolve },
    raise: ({ subject }) => raised.push(subject),
    report: (cause) => assert.fail(String(cause)),
  })
  for (let turn = 0; turn < 3; turn++) audit.record(violation)
  assert.equal(await stopped, 'ath_1')
  assert.equal((await registry.findByClientId('ath_1'))?.status, 'suspended')
  assert.deepEqual(raised, [agentId])
  await new Promise(setImmediate)
  assert.deepEqual(
    events.map(({ event }) => event),
    ['scope_violation', 'scope_violation', 'scope_violation', 'alert_raised', 'agent_suspended'],
  )
})

test('a suspension that the store does not take is reported, and the alert stands', async () => {
  const events: AuditEvent[] = []
  const { promise: reported, resolve } = Promise.withResolvers<unknown>()
  const registry = new InMemoryAgentRegistry()
  registry.findByAgentId = () => Promise.reject(new Error('the store is down'))
  const audit = watchedAudit({
    audit: { record: (event) => `evt_${events.push(event)}`, settled: async () => {} },
    watch: createWatch([rule]),
    clock: createVirtualClock(),
    registry,
    live: { agentChanged: assert.fail },
    raise: () => {},
    report: resolve,
  })
  for (let turn = 0; turn < 3; turn++) audit.record(violation)
  assert.match(String(await reported), /the store is down/)
  assert.equal(events.at(-1)?.event, 'alert_raised')
})
