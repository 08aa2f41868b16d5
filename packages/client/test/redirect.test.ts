import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import { developer, oa, setUp } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

const redirectUri = 'http://127.0.0.1:9999/back'

async function returned(t: Parameters<typeof setUp>[0]) {
  const bench = await setUp(t)
  const client = bench.client()
  await client.register({ providers: oa, developer, redirectUris: [redirectUri] })
  const handshake = await client.authorize({ provider: 'oa', scopes: ['oa:read'], redirectUri })
  bench.gateway.userAnswer = ['oa:read']
  const back = (query: Record<string, string>, to = redirectUri) =>
    `${to}?${new URLSearchParams(query)}`
  return { ...bench, athClient: client, handshake, back }
}

test('[R56] [C9] the browser’s return with our state gives the delivered code to the exchange', async (t) => {
  const { gateway, athClient, handshake, back } = await returned(t)
  const url = back({
    session_id: handshake.id,
    ath_session_id: handshake.id,
    success: 'true',
    state: handshake.state,
    code: 'ath_code_1',
  })
  const session = await athClient.completeRedirect(url, handshake)
  assert.equal(session.providerId, 'oa')
  assert.equal(gateway.seen.at(-1)?.body['code'], 'ath_code_1')
  assert.deepEqual(gateway.faults, [])
})

test('[R56] a return with another state, another handshake, or to another place is refused and nothing is sent', async (t) => {
  const { gateway, athClient, handshake, back } = await returned(t)
  const sent = gateway.seen.length
  const good = { state: handshake.state, code: 'ath_code_1', session_id: handshake.id }
  for (const url of [
    back({ ...good, state: 'x'.repeat(43) }),
    back({ ...good, state: '' }),
    back({ code: 'ath_code_1' }),
    back({ code: 'ath_code_1', session_id: handshake.id }),
    back({ ...good, session_id: 'ath_sess_other' }),
    back(good, 'http://127.0.0.1:9998/back'),
    back(good, 'http://127.0.0.1:9999/other'),
  ])
    await assert.rejects(athClient.completeRedirect(url, handshake), code('STATE_MISMATCH'), url)
  const { redirectUri: _own, ...without } = handshake
  await assert.rejects(athClient.completeRedirect(back(good), without), code('STATE_MISMATCH'))
  assert.equal(gateway.seen.length, sent)
})

test('[C8] [C29] a peer that returns no state is taken only when told so, and by its session id', async (t) => {
  const { athClient, handshake, back } = await returned(t)
  const allow = { allowMissingState: true }
  const url = back({ session_id: handshake.id, success: 'true' })
  assert.equal((await athClient.completeRedirect(url, handshake, allow)).providerId, 'oa')
  for (const query of [
    { success: 'true' },
    { session_id: 'other', success: 'true' },
    { session_id: handshake.id, state: 'wrong' },
  ])
    await assert.rejects(
      athClient.completeRedirect(back(query as Record<string, string>), handshake, allow),
      code('STATE_MISMATCH'),
    )
})

test('a no or a failure in the return is that error, after the state was checked', async (t) => {
  const { athClient, handshake, back } = await returned(t)
  const { state } = handshake
  await assert.rejects(
    athClient.completeRedirect(back({ state, error: 'access_denied' }), handshake),
    code('USER_DENIED'),
  )
  await assert.rejects(
    athClient.completeRedirect(back({ state, error: 'server_error' }), handshake),
    code('OAUTH_ERROR'),
  )
  await assert.rejects(
    athClient.completeRedirect(back({ state: 'forged', error: 'access_denied' }), handshake),
    code('STATE_MISMATCH'),
  )
})
