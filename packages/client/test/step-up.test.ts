import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AthError, type StepUp } from '@ath-protocol/client'
import { setUpSession, setUpShopSession } from './setup.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof AthError && error.code === expected

const order = { method: 'POST', body: JSON.stringify({ total: 900 }) }

async function prepare(t: Parameters<typeof setUpShopSession>[0]) {
  const bench = await setUpShopSession(t)
  bench.shop.stepUp.needs = ({ method }) => method === 'POST'
  return bench
}

test('a call that the user must confirm is shown to them and repeated, as it was, until they have', async (t) => {
  const { shop, session } = await prepare(t)
  const shown: StepUp[] = []
  const onStepUp = (asked: StepUp) => {
    shown.push(asked)
    void shop.waitFor('direct', 4).then(() => {
      shop.stepUp.answer = 'confirmed'
    })
  }
  const answer = await session.fetch('/orders', { ...order, onStepUp })
  assert.equal(await answer.text(), 'upstream')
  const [asked] = shown
  assert.equal(shown.length, 1)
  assert.equal(asked?.confirmUrl, `${shop.url}/ath/confirm/${asked?.id}`)
  assert.ok(asked.expiresAt > Date.now() / 1000)
  assert.deepEqual(shop.stepUp.asked, [asked.id])
  assert.deepEqual(shop.stepUp.confirmed, [order.body])
  const calls = shop.seen.filter(({ step }) => step === 'direct')
  assert.ok(calls.length > 3, `${calls.length} calls`)
  assert.equal(calls[0]?.headers['x-ath-step-up'], undefined)
  assert.ok(calls.slice(1).every(({ headers }) => headers['x-ath-step-up'] === asked.id))
  assert.deepEqual(shop.faults, [])
})

test('api and the proxy path of a gateway wait for the user in the same way', async (t) => {
  const onStepUp = () => {
    gateway.stepUp.answer = 'confirmed'
  }
  const { gateway, session } = await setUpSession(t, { onStepUp })
  gateway.stepUp.needs = () => true
  assert.equal(await session.api('PUT', '/orders/1', { total: 900 }), 'upstream')
  assert.deepEqual(gateway.stepUp.confirmed, ['{"total":900}'])
})

test('the user’s no ends the call with USER_DENIED', async (t) => {
  const { shop, session } = await prepare(t)
  const onStepUp = () => {
    shop.stepUp.answer = 'denied'
  }
  await assert.rejects(session.call('/orders', { ...order, onStepUp }), (error) => {
    assert.ok(error instanceof AthError)
    assert.deepEqual([error.code, error.status], ['USER_DENIED', 403])
    return true
  })
})

test('told to refuse, it asks nobody: the error carries the page for the user', async (t) => {
  const { shop, session } = await prepare(t)
  await assert.rejects(session.call('/orders', { ...order, onStepUp: 'refuse' }), (error) => {
    assert.ok(error instanceof AthError)
    assert.equal(error.code, 'STEP_UP_REQUIRED')
    assert.equal(error.retryable, true)
    assert.equal(error.stepUp?.id, shop.stepUp.asked[0])
    assert.match(error.stepUp?.confirmUrl ?? '', /\/ath\/confirm\//)
    return true
  })
  assert.equal(shop.seen.filter(({ step }) => step === 'direct').length, 1)
  // Whoever got the answer in their own way goes on by themselves.
  shop.stepUp.answer = 'confirmed'
  const headers = { 'x-ath-step-up': String(shop.stepUp.asked[0]) }
  assert.equal((await session.fetch('/orders', { ...order, headers })).status, 200)
})

test('a question that is over is not asked again: the call ends with what was said last', async (t) => {
  const { shop, session } = await prepare(t)
  shop.stepUp.lifetimeSeconds = 0
  let shown = 0
  const onStepUp = async () => {
    shown++
    await new Promise((done) => setTimeout(done, 1_100))
  }
  await assert.rejects(session.call('/orders', { ...order, onStepUp }), code('STEP_UP_REQUIRED'))
  assert.equal(shown, 1)
})

test('a body that is gone cannot be repeated: nobody is asked to confirm it', async (t) => {
  const { session } = await prepare(t)
  const onStepUp = () => assert.fail('asked')
  const body = new Response('streamed').body as ReadableStream
  const answer = await session.fetch('/orders', { method: 'POST', body, onStepUp })
  assert.equal(answer.status, 401)
})

test('an abort ends the waiting', async (t) => {
  const { session } = await prepare(t)
  const stop = new AbortController()
  const onStepUp = () => setTimeout(() => stop.abort(new Error('enough')), 60)
  await assert.rejects(
    session.fetch('/orders', { ...order, onStepUp, signal: stop.signal }),
    /enough/,
  )
})

test('no user is sent to a page that is not the service’s own', async (t) => {
  const { shop, session } = await prepare(t)
  const onStepUp = () => assert.fail('shown')
  for (const [url, expected] of [
    ['https://evil.example/ath/confirm/1', 'ANSWER_REFUSED'],
    ['javascript:alert(1)', 'STEP_UP_REQUIRED'],
    ['http://evil.example/', 'STEP_UP_REQUIRED'],
  ] as const) {
    shop.stepUp.confirmUrl = url
    await assert.rejects(session.call('/orders', { ...order, onStepUp }), code(expected), url)
  }
})

test('by default the page is printed for the user', async (t) => {
  const { shop, session } = await prepare(t)
  const print = t.mock.method(console, 'error', () => {
    shop.stepUp.answer = 'confirmed'
  })
  assert.equal((await session.fetch('/orders', order)).status, 200)
  assert.match(String(print.mock.calls[0]?.arguments[0]), /\/ath\/confirm\/ath_su_/)
})
