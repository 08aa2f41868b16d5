import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderScope } from '@ath-protocol/types'
import type { AuditEvent, ConsentDecision } from '../src/index.ts'
import { DependencyDown, requestReference } from '../src/index.ts'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'
import { createBrowser } from './world.ts'

type Json = Readonly<Record<string, unknown>>

/** A handshake whose person is being asked. */
async function asking(world: NineStepWorld, scopes = ['oa:read', 'oa:write']) {
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const { status, json } = await agent.request(await world.credential(), scopes)
  assert.equal(status, 202, JSON.stringify(json))
  const consent = world.asked.at(-1)
  assert.ok(consent)
  const result = async (): Promise<Json> => (await agent.poll()).json as Json
  return { agent, consent, result, path: `/ath/confirm/${consent.id}` }
}

const approve = (scopes: readonly ProviderScope[], lifetimeSeconds = 28_800): ConsentDecision => ({
  kind: 'approve',
  userId: 'usr_wang',
  scopes,
  lifetimeSeconds,
  method: 'session',
})
const eventsOf = (world: NineStepWorld, name: string): readonly AuditEvent[] =>
  world.events.filter(({ event }) => event === name)

test('[U7] [D13] [D15] the person who was asked approves on the page, and the agent gets step 8', async () => {
  const world = await createNineStepWorld()
  const { path, result, consent } = await asking(world)
  const browser = createBrowser(world)
  const page = await browser.visit('GET', path)
  assert.equal(page.body, 'consent page')
  const answered = await browser.visit('POST', path)
  assert.equal(answered.status, 303)
  const outcome = await browser.visit('GET', browser.next(answered) ?? '')
  assert.equal(outcome.body, 'notice done')
  assert.deepEqual((await result())['scopes_granted'], ['oa:read', 'oa:write'])
  const [given] = eventsOf(world, 'consent_given')
  assert.equal(given?.auth_method, 'session')
  assert.equal(given?.user_id, 'usr_wang')
  assert.equal(given?.ip, '192.0.2.7')
  assert.equal(given?.consent_id, requestReference(consent.id))
})

test('[D15] [D16] the person narrows: fewer scopes and a shorter time are granted', async () => {
  const world = await createNineStepWorld()
  const { path, result } = await asking(world)
  world.decide = ([first]) => approve(first ? [first] : [], 3600)
  await createBrowser(world).visit('POST', path)
  const granted = await result()
  assert.deepEqual(granted['scopes_granted'], ['oa:read'])
  assert.deepEqual(granted['scopes_denied'], [
    { scope: 'oa:write', reason: 'not_confirmed_by_user' },
  ])
  assert.equal(granted['ttl_granted'], 3600)
})

test('[D15] [U14] the person denies, and the agent is told so', async () => {
  const world = await createNineStepWorld()
  const { path, result } = await asking(world)
  world.decide = () => ({ kind: 'deny', userId: 'usr_wang' })
  const browser = createBrowser(world)
  const answered = await browser.visit('POST', path)
  assert.equal((await browser.visit('GET', browser.next(answered) ?? '')).body, 'notice denied')
  const denied = await result()
  assert.deepEqual(denied['scopes_granted'], [])
  assert.equal(denied['ttl_granted'], 0)
  assert.deepEqual(await world.ports.grants.list({}), [])
})

test('[U7] opening the page decides nothing, however often and by whomever', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  for (const person of ['usr_wang', undefined, 'usr_li']) {
    world.signedIn = person
    await createBrowser(world).visit('GET', `${path}?decision=approve&lifetime=3600`)
  }
  assert.equal((await world.ports.consents.find(consent.id))?.decision, undefined)
})

test('[U7] somebody else neither sees nor answers the question, and the try is recorded', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  world.signedIn = 'usr_li'
  world.decide = (offered) => ({ ...approve(offered), userId: 'usr_li' }) as ConsentDecision
  for (const method of ['GET', 'POST']) {
    const seen = await createBrowser(world).visit(method, path)
    assert.equal(seen.status, 403, method)
    assert.equal(seen.body, 'notice other_user')
    assert.equal(world.events.at(-1)?.denial_reason, 'consent_of_other_user')
    assert.equal(world.events.at(-1)?.consent_id, requestReference(consent.id))
  }
  assert.equal((await world.ports.consents.find(consent.id))?.decision, undefined)
  // Nor does anybody else learn how it ended.
  await world.answer()
  assert.equal((await createBrowser(world).visit('GET', path)).body, 'notice other_user')
  world.signedIn = undefined
  assert.equal((await createBrowser(world).visit('GET', path)).body, 'sign in')
})

test('[U7] a second tap, at once or later, shows the first outcome and changes nothing', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  const browser = createBrowser(world)
  const taps = await Promise.all([browser.visit('POST', path), browser.visit('POST', path)])
  world.decide = () => ({ kind: 'deny', userId: 'usr_wang' })
  for (const tap of [...taps, await browser.visit('POST', path)])
    assert.equal((await browser.visit('GET', browser.next(tap) ?? '')).body, 'notice done')
  assert.equal((await world.ports.consents.find(consent.id))?.decision?.approved, true)
  assert.equal((await world.ports.grants.list({})).filter(({ revokedAt }) => !revokedAt).length, 1)
  assert.equal(eventsOf(world, 'consent_given').length, 1)
})

test('[U7] [D10] an answer after the question has expired counts for nothing: 408', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  world.clock.advance(301)
  for (const method of ['GET', 'POST']) {
    const seen = await createBrowser(world).visit(method, path)
    assert.equal(seen.status, 408, method)
    assert.equal(seen.body, 'notice expired')
  }
  assert.equal((await world.ports.consents.find(consent.id))?.decision, undefined)
})

test('[U7] an unknown question is 404, and so is that of a two-phase handshake, which belongs to its browser', async () => {
  const world = await createNineStepWorld()
  const { consent } = await asking(world)
  const { userId: _, ...twoPhase } = consent
  const id = `cns_${'t'.repeat(43)}`
  await world.ports.consents.insert({
    ...twoPhase,
    id,
    handshake: { kind: 'two_phase', id: 'ath_sess_1' },
  })
  for (const unknown of [id, `cns_${'x'.repeat(43)}`, requestReference(consent.id)])
    for (const method of ['GET', 'POST']) {
      const seen = await createBrowser(world).visit(method, `/ath/confirm/${unknown}`)
      assert.equal(seen.status, 404, unknown)
    }
})

test('an agent that the service no longer lets in asks nobody', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  await world.ports.registry.update(consent.clientId, { status: 'suspended' })
  for (const method of ['GET', 'POST'])
    assert.equal((await createBrowser(world).visit(method, path)).status, 403)
  assert.equal((await world.ports.consents.find(consent.id))?.decision, undefined)
})

test('[D19] what is of high risk is not approved by a click, but what is left without it is', async () => {
  const world = await createNineStepWorld()
  const wide = { scopes: ['oa:read', 'crm:erase'] }
  const open = async () => {
    const agent = world.agent()
    await agent.greet()
    await agent.identify()
    const asked = await agent.request(await world.credential(wide), wide.scopes)
    assert.equal(asked.status, 202)
    return { agent, path: `/ath/confirm/${world.asked.at(-1)?.id}` }
  }
  const all = await open()
  const weak = await createBrowser(world).visit('POST', all.path)
  assert.equal(weak.status, 403)
  assert.equal(eventsOf(world, 'request_refused').at(-1)?.denial_reason, 'confirmation_too_weak')
  world.decide = (offered) => approve(offered.filter(({ providerId }) => providerId === 'oa'))
  const less = await createBrowser(world).visit('POST', all.path)
  assert.equal(less.status, 303)
  assert.deepEqual((await all.agent.poll()).json['scopes_granted'], ['oa:read'])
  const again = await open()
  world.decide = (offered) =>
    ({ ...approve(offered), method: 'passkey', message: '{}' }) as ConsentDecision
  await createBrowser(world).visit('POST', again.path)
  assert.deepEqual((await again.agent.poll()).json['scopes_granted'], ['oa:read', 'crm:erase'])
  assert.equal(eventsOf(world, 'consent_given').at(-1)?.auth_method, 'passkey')
})

test('[R70] an answer that is wider than the question is refused, whoever made it', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  world.decide = () => approve([{ providerId: 'crm', name: 'erase' }])
  const seen = await createBrowser(world).visit('POST', path)
  assert.equal(seen.status, 403)
  assert.equal((await world.ports.consents.find(consent.id))?.decision, undefined)
})

test('a gateway that went down between an answer and its consequence goes on where it was', async () => {
  const world = await createNineStepWorld()
  const { path, consent, result } = await asking(world)
  // Decided, and then nothing more.
  await world.ports.consents.decide(consent.id, {
    approved: true,
    userId: 'usr_wang',
    scopes: consent.offered,
    lifetimeSeconds: 3600,
    method: 'session',
    decidedAt: world.clock.now(),
  })
  const page = await createBrowser(world).visit('GET', path)
  assert.equal(page.body, 'notice done')
  assert.deepEqual((await result())['scopes_granted'], ['oa:read', 'oa:write'])
})

test('[D18] a person who is too fast, or a store that does not answer, is told to come again, and nothing is decided', async () => {
  const world = await createNineStepWorld()
  const { path, consent } = await asking(world)
  const { take } = world.ports.limits
  const { find } = world.ports.consents
  Object.assign(world.ports.limits, {
    take: () => ({ retryAfterSeconds: 30, limit: '60/minute' }),
  })
  for (const method of ['GET', 'POST']) {
    const seen = await createBrowser(world).visit(method, path)
    assert.equal(seen.status, 429)
    assert.equal(seen.body, 'notice not_now')
    assert.equal(seen.headers['retry-after'], '30')
  }
  Object.assign(world.ports.limits, { take })
  Object.assign(world.ports.consents, {
    find: async () => {
      throw new DependencyDown('store', 'gone')
    },
  })
  const seen = await createBrowser(world).visit('POST', path)
  assert.deepEqual([seen.status, seen.body], [503, 'notice not_now'])
  Object.assign(world.ports.consents, { find })
  assert.equal((await world.ports.consents.find(consent.id))?.decision, undefined)
})
