import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSecret } from '../src/index.ts'
import { createBrowser, createWorld, exchange, start, travelId } from './world.ts'

const callback = 'https://travel.agents.example.com/back'

async function deliver() {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, {
    provider: 'crm',
    scopes: ['crm:read'],
    registration: { redirect_uris: [callback] },
    extra: { user_redirect_uri: callback },
  })
  const { urls } = await createBrowser(world).answer(started.authorizationUrl)
  const code = new URL(urls.at(-1) ?? '').searchParams.get('code') ?? ''
  assert.match(code, /^ath_code_/)
  return { world, agent, started, code }
}

test('[C9] a delivered code that comes a second time gives nothing, and ends what the first one gave (RFC 9700)', async () => {
  const { world, agent, started, code } = await deliver()
  const first = await exchange(world, agent, started, { code })
  assert.equal(first.status, 200)
  const hash = hashSecret(first.json.access_token)
  const guessed = await exchange(world, agent, started, { code: 'guessed' })
  assert.equal(guessed.status, 400)
  assert.equal((await world.ports.tokens.find(hash))?.revokedAt, undefined)
  const second = await exchange(world, agent, started, { code })
  assert.equal(second.status, 400)
  assert.equal(second.json.code, 'SESSION_NOT_FOUND')
  const token = await world.ports.tokens.find(hash)
  assert.ok(token?.revokedAt)
  assert.ok((await world.ports.grants.find(token.grantId))?.revokedAt)
  assert.ok(world.live.includes(`grant ${token.grantId}`))
  assert.equal(world.revokedUpstream.length, 1)
  const ended = world.events.find(({ event }) => event === 'token_revoked')
  assert.equal(ended?.decided_by, 'gateway')
})

test('[C9] a delivered code is good for a minute', async () => {
  const { world, agent, started, code } = await deliver()
  world.clock.advance(61)
  const late = await exchange(world, agent, started, { code })
  assert.equal(late.status, 400)
  assert.equal(late.json.code, 'SESSION_EXPIRED')
  const other = await deliver()
  other.world.clock.advance(60)
  const intime = await exchange(other.world, other.agent, other.started, { code: other.code })
  assert.equal(intime.status, 200)
})

test('[C9] no made-up code opens a handshake whose code was delivered', async () => {
  const { world, agent, started } = await deliver()
  for (const code of ['code', 'exchange', 'mock_code', `ath_code_${'a'.repeat(43)}`])
    assert.equal((await exchange(world, agent, started, { code })).json.code, 'SESSION_NOT_FOUND')
})

test('browsers are sent on with 302, and with 303 after a form (RFC 9700 §4.12)', async () => {
  const world = await createWorld()
  const agent = await world.addAgent(travelId)
  const started = await start(world, agent, { provider: 'crm', scopes: ['crm:read'] })
  const browser = createBrowser(world)
  await browser.visit('GET', started.authorizationUrl)
  const page = new URL(started.authorizationUrl).pathname
  const answered = await browser.visit('POST', page)
  assert.ok([200, 303].includes(answered.status))
  const back = await browser.visit('GET', browser.next(answered) ?? '')
  assert.equal(back.status, 302)
  assert.match(String(back.headers['location']), /session_id=ath_sess_/)
  const again = await browser.visit('POST', page)
  assert.equal(again.status, 303)
})
