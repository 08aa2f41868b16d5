import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { AthError } from '@ath-protocol/client'
import { resumeHandshake, type StoredHandshake } from '@ath-protocol/client/nine-step'
import { createDidKey } from '@sallyport/testing'
import { clientDid, openSessionWorld, sessionKeys, type SessionWorld } from './session-world.ts'
import { agentId, bodyOf, gatewayUrl } from './world.ts'

/** The client's encrypted session at the real data path. What goes over the wire is kept and may be changed. */
async function open(
  t: TestContext,
  upstream: RequestListener,
  options: {
    readonly sessions?: SessionWorld['sessions']
    readonly nextSequence?: number
    readonly native?: boolean
    readonly onWire?: (response: Response) => Promise<Response>
  } = {},
) {
  const world = await openSessionWorld({
    encrypted: true,
    upstream,
    ...(options.sessions ? { sessions: options.sessions } : {}),
  })
  t.after(() => world.close())
  const key = await createDidKey()
  const now = world.clock.now()
  const stored: StoredHandshake = {
    gateway: world.url,
    ...(options.native ? { apiBase: `${world.url}/api` } : {}),
    endpoint: `${world.url}/ath/handshake`,
    issuer: gatewayUrl,
    serverDid: clientDid,
    sessionId: 'ath_ses_1',
    agentId,
    providers: ['oa', 'crm'],
    accessToken: world.jwt,
    expiresAt: now + 3600,
    grantExpiresAt: now + 28_800,
    scopes: ['oa:all'],
    scopesGranted: ['oa:all'],
    scopesDenied: [],
    ttlGranted: 28_800,
    restrictions: {},
    keys: sessionKeys,
    nextSequence: options.nextSequence ?? 0,
  }
  const sent: {
    readonly method: string | undefined
    readonly url: string
    readonly body: string
  }[] = []
  const session = await resumeHandshake(stored, {
    key: { privateKey: key.privateKey, publicKey: key.publicKey.key },
    clock: world.clock,
    fetch: async (input, init) => {
      sent.push({ method: init?.method, url: new Request(input).url, body: init?.body as string })
      const response = await fetch(input, init)
      return options.onWire ? options.onWire(response) : response
    },
  })
  return { world, session, sent }
}

const echo: RequestListener = (request, response) =>
  void bodyOf(request).then((body) => {
    response.setHeader('x-method', request.method ?? '')
    response.setHeader('x-type', request.headers['content-type'] ?? '')
    response.end(`secret answer to ${request.url} ${body.toString()}`)
  })

test('[D9] [U10] the client’s encrypted requests of every method come through, and nothing of them is seen on the wire', async (t) => {
  const { session, sent } = await open(t, echo)
  assert.equal(session.encrypted, true)
  const read = await session.fetch('/oa/api/list?state=open')
  assert.equal(read.headers.get('x-method'), 'GET')
  assert.equal(await read.text(), 'secret answer to /api/list?state=open ')
  const made = await session.request('PUT', '/oa/api/x', { json: { secret: 'status' } })
  assert.equal(made.headers.get('x-method'), 'PUT')
  assert.equal(made.headers.get('x-type'), 'application/json')
  assert.equal(await made.text(), 'secret answer to /api/x {"secret":"status"}')
  const gone = await session.request('DELETE', '/oa/api/x')
  assert.equal(gone.headers.get('x-method'), 'DELETE')
  await gone.text()
  assert.deepEqual(
    sent.map(({ method }) => method),
    ['POST', 'POST', 'POST'],
  )
  assert.equal(
    sent.some(({ body }) => body.includes('secret')),
    false,
  )
  assert.equal(session.stored().nextSequence, 3)
})

test('[U10] an encrypted session at a service that speaks ATH itself goes by its proxy path, where it is decrypted', async (t) => {
  const { world, session, sent } = await open(t, echo, { native: true })
  const made = await session.request('PUT', '/orders?id=1', { json: { secret: 'order' } })
  assert.equal(await made.text(), 'secret answer to /api/orders?id=1 {"secret":"order"}')
  const read = await session.fetch(`${world.url}/api/orders`)
  assert.equal(await read.text(), 'secret answer to /api/orders ')
  assert.deepEqual(
    sent.map(({ url }) => url),
    [`${world.url}/ath/proxy/oa/api/orders?id=1`, `${world.url}/ath/proxy/oa/api/orders`],
  )
  await assert.rejects(
    session.fetch('/ath/proxy/../token'),
    (error) => error instanceof AthError && error.code === 'ORIGIN_REFUSED',
  )
})

test('[U10] answers without a body, with an error, and in pieces over time are what the service sent', async (t) => {
  const { session } = await open(t, (request, response) => {
    if (request.url === '/none') return response.writeHead(204, { 'x-seen': 'yes' }).end()
    if (request.url === '/no') return response.writeHead(404, 'No').end('not here')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
    setTimeout(() => response.end('data: 2\n\n'), 100)
  })
  const none = await session.fetch('/oa/none')
  assert.deepEqual([none.status, none.headers.get('x-seen'), none.body], [204, 'yes', null])
  const no = await session.fetch('/oa/no')
  assert.deepEqual([no.status, await no.text()], [404, 'not here'])
  const stream = await session.fetch('/oa/events', { headers: { accept: 'text/event-stream' } })
  const pieces: string[] = []
  for await (const piece of stream.body ?? []) pieces.push(Buffer.from(piece).toString())
  assert.deepEqual(pieces, ['data: 1\n\n', 'data: 2\n\n'])
})

test('[U10] requests side by side each get their own answer', async (t) => {
  const { session } = await open(t, echo)
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => (await session.fetch(`/oa/${n}`)).text()),
  )
  assert.deepEqual(
    answers,
    Array.from({ length: 20 }, (_, n) => `secret answer to /${n} `),
  )
})

test('[U10] after a restart of the gateway, or numbers used elsewhere, the client goes on with one that is taken', async (t) => {
  const first = await open(t, echo)
  await (await first.session.fetch('/oa/1')).text()
  const again = await open(t, echo, { sessions: first.world.sessions })
  assert.equal(await (await again.session.fetch('/oa/2')).text(), 'secret answer to /2 ')
  assert.equal(again.sent.length, 2)
  assert.ok((again.session.stored().nextSequence ?? 0) > 1)
  assert.equal(await (await again.session.fetch('/oa/3')).text(), 'secret answer to /3 ')
  assert.equal(again.sent.length, 3)
})

test('[U10] a request that changes something is not sent a second time because a refusal in clear says so', async (t) => {
  const first = await open(t, echo)
  await (await first.session.fetch('/oa/1')).text()
  const again = await open(t, echo, { sessions: first.world.sessions })
  await assert.rejects(again.session.request('POST', '/oa/2', { json: {} }), { code: 'CONFLICT' })
  assert.equal(again.sent.length, 1)
  // The next one has a number that is taken.
  const answer = await again.session.request('POST', '/oa/3', { json: {} })
  assert.equal(await answer.text(), 'secret answer to /3 {}')
  assert.equal(again.sent.length, 2)
})

const changed = (change: (lines: string[]) => readonly string[]) => async (response: Response) => {
  const lines = (await response.text()).split('\n').filter((line) => line !== '')
  const { status, headers } = response
  return new Response(`${change(lines).join('\n')}\n`, { status, headers })
}

const twoPieces: RequestListener = (_request, response) => {
  response.write('first')
  setTimeout(() => response.end('second'), 100)
}

const lies: Readonly<Record<string, readonly [(lines: string[]) => readonly string[], RegExp]>> = {
  'was cut off': [(lines) => lines.slice(0, -1), /cut off/],
  'lacks a piece': [(lines) => lines.slice(1), /missing or came twice/],
  'repeats a piece': [([one = '', ...rest]) => [one, one, ...rest], /missing or came twice/],
  'is empty': [() => [], /cut off/],
  'was changed': [
    // The last character of the tag stands for two bits: A, Q, g or w.
    ([one = '', ...rest]) => [`${one.slice(0, -1)}${one.endsWith('A') ? 'Q' : 'A'}`, ...rest],
    /cannot be decrypted/,
  ],
}
for (const [what, [lie, says]] of Object.entries(lies))
  test(`[U10] an encrypted answer that ${what} is not passed on as whole`, async (t) => {
    const { session } = await open(t, twoPieces, { onWire: changed(lie) })
    await assert.rejects(
      async () => (await session.fetch('/oa/x')).text(),
      (error) =>
        error instanceof AthError && error.code === 'ANSWER_REFUSED' && says.test(error.message),
    )
  })

test('[U10] the answer to another question is refused, and so is one in clear', async (t) => {
  let kept = ''
  const replayed = await open(t, echo, {
    onWire: async (response) => {
      const { status, headers } = response
      const text = await response.text()
      kept ||= text
      return new Response(kept, { status, headers })
    },
  })
  await (await replayed.session.fetch('/oa/1')).text()
  await assert.rejects(replayed.session.fetch('/oa/2'), /belongs to another question/)
  const plain = await open(t, echo, {
    onWire: async () => Response.json({ approved: true }),
  })
  await assert.rejects(
    plain.session.fetch('/oa/1'),
    (error) => error instanceof AthError && error.code === 'ANSWER_REFUSED',
  )
})
