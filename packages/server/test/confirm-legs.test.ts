import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fail, ok } from '@ath-protocol/types'
import type { OAuthBridge, ProviderDefinition } from '../src/index.ts'
import { createNineStepWorld, type NineStepWorld } from './nine-step-world.ts'
import { createBrowser } from './world.ts'

type Json = Readonly<Record<string, unknown>>

const asksItself = (
  id: string,
  ...names: readonly string[]
): readonly [string, ProviderDefinition] => [
  id,
  {
    id,
    displayName: id.toUpperCase(),
    scopes: names.map((name) => ({ name })),
    authMode: 'oauth2',
    upstreamScopes: Object.fromEntries(names.map((name) => [name, `${id}.${name}`])),
    consentPage: true,
  },
]

const providers = new Map<string, ProviderDefinition>([
  [
    'oa',
    {
      id: 'oa',
      displayName: 'Office approvals',
      scopes: [{ name: 'oa:read' }],
      authMode: 'cookie',
      consentPage: true,
    },
  ],
  asksItself('crm', 'read', 'write'),
  asksItself('mail', 'read'),
])

/** A person who has said yes to us, on the way to the providers; `left` is where the browser was sent. */
async function allowed(
  scopes: readonly string[],
  answers: Partial<Record<string, Awaited<ReturnType<OAuthBridge['complete']>>>> = {},
) {
  const world = await createNineStepWorld({ config: { providers } })
  const { complete } = world.ports.oauth
  Object.assign(world.ports.oauth, {
    complete: (async (id, query, expected) =>
      answers[id] ?? complete(id, query, expected)) satisfies OAuthBridge['complete'],
  })
  const approvals = [...providers.values()].map(({ id, scopes: all }) => ({
    provider_id: id,
    approved_scopes: all.map(({ name }) => name),
    denied_scopes: [],
  }))
  const registered = await world.ports.registry.findByAgentId(world.agentKey.did)
  await world.ports.registry.update(registered?.clientId ?? '', { approvals })
  const agent = world.agent()
  await agent.greet()
  await agent.identify()
  const asked = await agent.request(await world.credential({ scopes: [...scopes] }), scopes)
  assert.equal(asked.status, 202, JSON.stringify(asked.json))
  const path = `/ath/confirm/${world.asked.at(-1)?.id}`
  const browser = createBrowser(world)
  await browser.visit('GET', path)
  const left = await browser.visit('POST', path)
  return {
    world,
    browser,
    path,
    left: browser.next(left) ?? '',
    result: async (): Promise<Json> => (await agent.poll()).json as Json,
  }
}

const isPending = ({ type }: Json) => type === 'authorization_pending'
const tokensOf = async (world: NineStepWorld) =>
  Promise.all(
    (await world.ports.grants.list({}))
      .filter(({ revokedAt }) => revokedAt === undefined)
      .map(async (grant) => [
        grant.providerId,
        grant.scopes,
        (await world.ports.providerTokens.find(grant.id))?.scopes,
      ]),
  )

test('[D13] [R71] after a yes the person is led through each provider that asks for itself, and then step 8 is there', async () => {
  const { world, browser, path, left, result } = await allowed(['oa:read', 'crm:read', 'mail:read'])
  assert.match(left, /\/ath\/callback\?.*state=leg_/)
  assert.ok(isPending(await result()))
  const second = browser.next(await browser.visit('GET', left)) ?? ''
  assert.match(second, /\/ath\/callback\?.*state=leg_/)
  assert.notEqual(second, left)
  assert.ok(isPending(await result()))
  const last = browser.next(await browser.visit('GET', second)) ?? ''
  assert.ok(last.endsWith(path))
  assert.equal((await browser.visit('GET', last)).body, 'notice done')
  assert.deepEqual((await result())['scopes_granted'], ['oa:read', 'crm:read', 'mail:read'])
  assert.deepEqual(await tokensOf(world), [
    ['oa', ['oa:read'], undefined],
    ['crm', ['read'], ['crm.read']],
    ['mail', ['read'], ['mail.read']],
  ])
})

test('[R84] a provider that consents to less narrows its grant', async () => {
  const tokens = { accessToken: 'at', scopes: ['crm.read'] }
  const { world, browser, left, result } = await allowed(['crm:read', 'crm:write'], {
    crm: ok({ tokens, answeredScope: 'crm.read' }),
  })
  await browser.visit('GET', left)
  const granted = await result()
  assert.deepEqual(granted['scopes_granted'], ['crm:read'])
  assert.deepEqual(granted['scopes_denied'], [
    { scope: 'crm:write', reason: 'not_confirmed_by_user' },
  ])
  assert.deepEqual(await tokensOf(world), [['crm', ['read'], ['crm.read']]])
  const given = world.events.filter(({ event }) => event === 'consent_given').at(-1)
  assert.deepEqual([given?.provider_id, given?.effective_scopes], ['crm', ['read']])
})

test('a provider that is told no, or to which nothing is allowed, is dropped, and the others stand', async () => {
  const nothing = { tokens: { accessToken: 'at', scopes: [] }, answeredScope: '' }
  for (const crm of [ok({ denied: true } as const), ok(nothing)]) {
    const { world, browser, path, left, result } = await allowed(['oa:read', 'crm:read'], { crm })
    await browser.visit('GET', left)
    assert.equal((await browser.visit('GET', path)).body, 'notice done')
    assert.deepEqual((await result())['scopes_granted'], ['oa:read'])
    assert.deepEqual(await tokensOf(world), [['oa', ['oa:read'], undefined]])
    const denied = world.events.filter(({ event }) => event === 'consent_denied').at(-1)
    assert.equal(denied?.provider_id, 'crm')
  }
})

test('[U14] where the only provider is told no, the whole is denied', async () => {
  const { world, browser, path, left, result } = await allowed(['crm:read'], {
    crm: ok({ denied: true } as const),
  })
  await browser.visit('GET', left)
  assert.equal((await browser.visit('GET', path)).body, 'notice denied')
  assert.deepEqual((await result())['scopes_granted'], [])
  assert.deepEqual(await tokensOf(world), [])
})

test('[R65] a provider’s callback that comes in another browser gives nothing, and is recorded', async () => {
  const { world, browser, left, path, result } = await allowed(['crm:read'])
  const thief = await createBrowser(world).visit('GET', left)
  assert.equal(thief.status, 400)
  assert.equal(thief.body, 'notice wrong_browser')
  assert.equal(world.events.at(-1)?.denial_reason, 'browser_not_bound')
  assert.ok(isPending(await result()))
  // The state is used up; the person goes the way anew from the page.
  assert.equal((await browser.visit('GET', left)).status, 400)
  const again = browser.next(await browser.visit('GET', path)) ?? ''
  await browser.visit('GET', again)
  assert.deepEqual((await result())['scopes_granted'], ['crm:read'])
})

test('[R57] a state works once, and a guessed, doubled or forgotten one never', async () => {
  const { world, browser, left } = await allowed(['crm:read', 'mail:read'])
  await browser.visit('GET', left)
  for (const url of [
    left,
    '/ath/callback?code=x&state=leg_guess',
    '/ath/callback?code=x&state=leg_a&state=leg_b',
  ]) {
    const seen = await browser.visit('GET', url, { accept: 'application/json' })
    assert.equal(seen.status, 400, url)
    assert.equal(seen.json.code, 'STATE_MISMATCH')
    assert.equal(world.events.at(-1)?.denial_reason, 'state_unknown')
  }
})

test('[D10] who comes back from a provider too late has nothing', async () => {
  const { world, browser, left, path } = await allowed(['crm:read'])
  world.clock.advance(601)
  assert.equal((await browser.visit('GET', left)).status, 408)
  assert.equal(world.events.at(-1)?.reached, 'identify')
  assert.equal((await browser.visit('GET', path)).body, 'notice expired')
  assert.deepEqual((await world.ports.providerTokens.listGrantIds()).length, 0)
})

test('[R112] a provider whose server fails is said to have failed, and can be asked anew', async () => {
  const failing = { crm: fail({ reason: 'upstream_oauth', step: 'token', error: 'x' } as const) }
  const answers: Record<string, Awaited<ReturnType<OAuthBridge['complete']>>> = failing
  const { browser, left, path, result } = await allowed(['crm:read'], answers)
  const seen = await browser.visit('GET', left)
  assert.equal(seen.status, 502)
  assert.equal(seen.body, 'notice upstream_failed')
  assert.ok(isPending(await result()))
  delete answers['crm']
  await browser.visit('GET', browser.next(await browser.visit('GET', path)) ?? '')
  assert.deepEqual((await result())['scopes_granted'], ['crm:read'])
})

test('a second tap on yes leads to the provider, too, and two ways end in one set of tokens', async () => {
  const { world, browser, left, path } = await allowed(['crm:read', 'mail:read'])
  const other = browser.next(await browser.visit('GET', path)) ?? ''
  assert.notEqual(other, left)
  const next = browser.next(await browser.visit('GET', left)) ?? ''
  const late = await browser.visit('GET', other)
  assert.equal(late.body, 'notice unknown')
  assert.equal(world.events.at(-1)?.denial_reason, 'handshake_spent')
  await browser.visit('GET', next)
  assert.equal((await tokensOf(world)).length, 2)
})

test('[R107] a grant that ended while its provider was asked gets no tokens', async () => {
  const { world, browser, left } = await allowed(['crm:read'])
  const [grant] = await world.ports.grants.list({})
  await world.ports.grants.revoke(grant?.id ?? '', world.clock.now())
  assert.equal((await browser.visit('GET', left)).body, 'notice unknown')
  assert.equal(await world.ports.providerTokens.find(grant?.id ?? ''), undefined)
})
