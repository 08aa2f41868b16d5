import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Failure, Result } from '@ath-protocol/types'
import { createSeededRandom, createVirtualClock } from '@sallyport/testing'
import { createMockProvider } from './mock-provider.ts'
import { routeOAuth } from './route-oauth.ts'

const callbackUrl = 'https://gateway.example/ath/callback'
const request = {
  state: 'state-of-this-handshake',
  nonce: 'nonce-of-this-handshake',
  codeVerifier: 'verifier-of-this-handshake-which-is-long-enough',
  scopes: ['read', 'write'],
  resource: 'https://api.example.com/',
}

function setUp() {
  const clock = createVirtualClock()
  const mock = createMockProvider({
    callbackUrl,
    user: 'alice',
    clock,
    random: createSeededRandom(),
  })
  const consent = async () => valueOf(await mock.authorizationUrl('mock', request)).searchParams
  const tokens = async () => {
    const done = valueOf(await mock.complete('mock', await consent(), request))
    assert.ok('tokens' in done)
    return done.tokens
  }
  return { clock, mock, consent, tokens }
}

function valueOf<T>(result: Result<T, Failure>): T {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error))
  return result.value
}

const errorOf = (result: Result<unknown, Failure>) =>
  !result.ok && result.error.reason === 'upstream_oauth'
    ? `${result.error.step}: ${result.error.error}`
    : JSON.stringify(result)

describe('[R126] the built-in mock provider', () => {
  test('[R126] [R61] agrees at once: the browser goes straight to our callback', async () => {
    const { mock } = setUp()
    const url = valueOf(await mock.authorizationUrl('mock', request))
    assert.equal(`${url.origin}${url.pathname}`, callbackUrl)
    assert.equal(url.searchParams.get('state'), request.state)
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256')
    assert.ok(!url.href.includes(request.codeVerifier))
  })

  test('[R126] gives tokens, scopes and its user for a code', async () => {
    const { mock, consent } = setUp()
    const done = valueOf(await mock.complete('mock', await consent(), request))
    assert.ok('tokens' in done)
    assert.equal(done.answeredScope, 'read write')
    assert.deepEqual(done.tokens.scopes, ['read', 'write'])
    assert.equal(done.tokens.resource, request.resource)
    assert.equal(done.subject?.subject, 'alice')
    assert.ok(mock.isLive(done.tokens.accessToken))
  })

  test('refuses another verifier, another state, an old code, and a code the second time', async () => {
    const { clock, mock, consent } = setUp()
    const other = { ...request, codeVerifier: 'another-verifier-which-is-also-quite-long-enough' }
    assert.equal(
      errorOf(await mock.complete('mock', await consent(), other)),
      'token: invalid_grant',
    )
    const stranger = { ...request, state: 'other' }
    assert.equal(
      errorOf(await mock.complete('mock', await consent(), stranger)),
      'callback: state_differs',
    )
    const late = await consent()
    clock.advance(60)
    assert.equal(errorOf(await mock.complete('mock', late, request)), 'token: invalid_grant')
    const once = await consent()
    valueOf(await mock.complete('mock', once, request))
    assert.equal(errorOf(await mock.complete('mock', once, request)), 'token: invalid_grant')
  })

  test('rotates tokens at a refresh: the old ones end', async () => {
    const { mock, tokens } = setUp()
    const old = await tokens()
    const fresh = valueOf(await mock.refresh('mock', old))
    assert.ok(!mock.isLive(old.accessToken))
    assert.ok(mock.isLive(fresh.accessToken))
    assert.equal(errorOf(await mock.refresh('mock', old)), 'refresh: invalid_grant')
  })

  test('ends tokens that are revoked, and those that are an hour old', async () => {
    const { clock, mock, tokens } = setUp()
    const revoked = await tokens()
    valueOf(await mock.revoke('mock', revoked))
    valueOf(await mock.revoke('mock', revoked))
    assert.ok(!mock.isLive(revoked.accessToken))
    assert.equal(errorOf(await mock.refresh('mock', revoked)), 'refresh: invalid_grant')
    const old = await tokens()
    clock.advance(3600)
    assert.ok(!mock.isLive(old.accessToken))
  })

  test('is asked only where the caller put it', async () => {
    const { mock } = setUp()
    const other = createMockProvider({
      callbackUrl: 'https://real.example/',
      user: 'bob',
      clock: createVirtualClock(),
      random: createSeededRandom(),
    })
    const routed = routeOAuth({ real: other, mocks: new Map([['mock', mock]]) })
    assert.equal(
      valueOf(await routed.authorizationUrl('mock', request)).origin,
      'https://gateway.example',
    )
    assert.equal(
      valueOf(await routed.authorizationUrl('crm', request)).origin,
      'https://real.example',
    )
    const alone = routeOAuth({ mocks: new Map([['mock', mock]]) })
    const refused = await alone.authorizationUrl('crm', request)
    assert.deepEqual(refused, { ok: false, error: { reason: 'provider_unknown', got: 'crm' } })
  })
})
