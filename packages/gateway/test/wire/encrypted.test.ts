import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { type TestContext, test } from 'node:test'
import { encryptedMediaType } from '@ath-protocol/types'
import fc from 'fast-check'
import {
  openSessionWorld,
  sealed,
  sendSealed,
  type SessionWorld,
  unsealed,
} from './session-world.ts'
import { type Answer, bodyOf, call, type WorldOptions } from './world.ts'

interface Asked {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

async function open(
  t: TestContext,
  options: WorldOptions & Parameters<typeof openSessionWorld>[0] = {},
): Promise<{ readonly world: SessionWorld; readonly asked: Asked[] }> {
  const asked: Asked[] = []
  const world = await openSessionWorld({
    encrypted: true,
    upstream: (request, response) =>
      void bodyOf(request).then((body) => {
        const { method, url, headers } = request
        asked.push({ method, url, headers, body: body.toString() })
        response.writeHead(201, { 'content-type': 'text/plain', 'x-seen': 'yes' })
        response.end(`secret answer to ${body.toString()}`)
      }),
    ...options,
  })
  t.after(() => world.close())
  return { world, asked }
}

function refusedWith(answer: Answer, status: number, reason: string): Record<string, unknown> {
  assert.equal(answer.status, status, answer.body.toString())
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const details = answer.json()['details'] as Record<string, unknown>
  assert.equal(details['reason'], reason)
  return details
}

const target = '/oa/api/notes?lang=en'

test('[U10] [D9] an encrypted request goes upstream in clear, and its answer comes back encrypted', async (t) => {
  const { world, asked } = await open(t)
  const body = new TextEncoder().encode('{"note":"hidden"}')
  const headers = { 'Content-Type': 'application/json', 'x-note': 'inside' }
  const answer = await sendSealed(world, target, await sealed(0, target, { headers, body }))
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['content-type'], encryptedMediaType)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.equal(answer.headers['x-seen'], undefined)
  assert.ok(!answer.body.includes('secret'))
  const pieces = await unsealed(answer.body.toString())
  assert.equal(pieces.length, 1)
  const [piece] = pieces
  assert.deepEqual(
    { ...piece?.header },
    {
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'ath-msg',
      sid: 'ath_ses_1',
      seq: 0,
      req: 0,
      part: 0,
      fin: true,
    },
  )
  assert.equal(piece?.status, 201)
  assert.equal(piece?.headers?.['x-seen'], 'yes')
  assert.equal(Buffer.from(piece?.body ?? []).toString(), 'secret answer to {"note":"hidden"}')
  const [got] = asked
  assert.equal(got?.method, 'POST')
  assert.equal(got?.url, '/api/notes?lang=en')
  assert.equal(got?.body, '{"note":"hidden"}')
  assert.equal(got?.headers['content-type'], 'application/json')
  assert.equal(got?.headers['x-note'], 'inside')
  assert.equal(got?.headers['authorization'], undefined)
})

test('[U10] any method can be meant by a POST, and the scope map sees the one that is meant', async (t) => {
  const { world, asked } = await open(t, { rules: [['oa:read', 'GET /api/**']] })
  const get = await sendSealed(world, target, await sealed(0, target, {}, { htm: 'GET' }))
  assert.equal((await unsealed(get.body.toString()))[0]?.status, 201)
  assert.equal(asked[0]?.method, 'GET')
  assert.equal(asked[0]?.body, '')
  assert.equal(world.events.at(-1)?.method, 'GET')
  const itself = await sendSealed(world, target, await sealed(1, target, {}, { htm: 'GET' }), 'GET')
  assert.equal((await unsealed(itself.body.toString()))[0]?.status, 201)
  const post = await sendSealed(world, target, await sealed(2, target, {}))
  refusedWith(post, 403, 'scope_unmapped')
  assert.equal(asked.length, 2)
})

test('[U10] headers inside obey the same rules as headers outside, and those outside stay here', async (t) => {
  const { world, asked } = await open(t)
  const headers = {
    authorization: 'Bearer inner',
    cookie: 'a=b',
    host: 'evil.example',
    'x-forwarded-user': 'root',
    'x-http-method-override': 'DELETE',
    connection: 'x-drop',
    'x-drop': '1',
    'x-keep': '2',
  }
  await call(world, target, {
    method: 'POST',
    headers: { ...world.bearer, 'content-type': encryptedMediaType, 'x-outside': 'seen by all' },
    body: await sealed(0, target, { headers }),
  })
  const got = asked[0]?.headers ?? {}
  assert.equal(got['x-keep'], '2')
  for (const name of [
    'authorization',
    'cookie',
    'x-forwarded-user',
    'x-http-method-override',
    'x-drop',
    'x-outside',
  ])
    assert.equal(got[name], undefined, name)
  assert.notEqual(got['host'], 'evil.example')
})

test('[U10] a session that agreed to encryption takes nothing in clear, and another takes nothing encrypted', async (t) => {
  const { world, asked } = await open(t)
  for (const headers of [
    world.bearer,
    { ...world.bearer, 'content-type': 'application/json' },
    { ...world.bearer, 'content-type': 'text/application/ath+jwe' },
  ])
    refusedWith(
      await call(world, target, { method: 'POST', headers, body: '{}' }),
      401,
      'message_not_encrypted',
    )
  refusedWith(await call(world, target, { headers: world.bearer }), 401, 'message_not_encrypted')
  assert.equal(asked.length, 0)
  assert.equal(world.events.at(-1)?.reached, 'prove')
  assert.deepEqual(world.events.at(-1)?.evidence, {
    fault: 'message_not_encrypted',
    evidence: undefined,
  })
  const plain = await open(t, { encrypted: false })
  refusedWith(
    await sendSealed(plain.world, target, await sealed(0, target)),
    400,
    'message_encryption_not_agreed',
  )
})

test('[U10] a message is taken once: not again, not late, but out of order within 64', async (t) => {
  const { world, asked } = await open(t)
  const send = async (seq: number) => sendSealed(world, target, await sealed(seq, target))
  assert.equal((await send(70)).status, 200)
  assert.equal((await send(7)).status, 200)
  assert.equal((await send(69)).status, 200)
  for (const seq of [70, 7, 69, 6]) {
    const details = refusedWith(await send(seq), 409, 'message_replayed')
    assert.equal(details['next_seq'], 71)
  }
  assert.equal((await send(71)).status, 200)
  assert.equal(asked.length, 4)
})

test('[U10] of one message sent many times at once, one is taken', async (t) => {
  const { world, asked } = await open(t)
  const jwe = await sealed(0, target)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => sendSealed(world, target, jwe)),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(asked.length, 1)
})

test('[U10] a message for another path, query, method, session or provider is refused, and its number is still good', async (t) => {
  const { world, asked } = await open(t)
  const wrong: readonly (readonly [string, string, string?])[] = [
    ['/oa/api/other?lang=en', await sealed(0, target)],
    ['/oa/api/notes', await sealed(0, target)],
    ['/oa/api/notes?lang=en&x=1', await sealed(0, target)],
    ['/crm/api/notes?lang=en', await sealed(0, target)],
    ['/ath/proxy/oa/api/notes?lang=en', await sealed(0, target)],
    [target, await sealed(0, target, {}, { sid: 'ath_ses_2' })],
    [target, await sealed(0, target, {}, { htm: 'GET' }), 'DELETE'],
    [target, await sealed(0, target, {}, { htm: 'get' })],
    [target, await sealed(0, target, {}, { htm: '' })],
    [target, await sealed(0, target, {}, { htm: 'GET /x HTTP/1.1' })],
  ]
  for (const [to, jwe, method] of wrong)
    refusedWith(await sendSealed(world, to, jwe, method), 401, 'message_target_differs')
  assert.equal(asked.length, 0)
  assert.equal((await sendSealed(world, target, await sealed(0, target))).status, 200)
})

test('[U10] cut, changed and malformed messages are refused, none with a 500', async (t) => {
  const { world, asked } = await open(t)
  const jwe = await sealed(0, target, { body: new Uint8Array(100) })
  const parts = jwe.split('.')
  const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
  const cases: readonly (readonly [string | Uint8Array, number])[] = [
    ['', 400],
    ['.', 400],
    ['a.b.c.d.e', 400],
    [jwe.slice(0, -1), 400],
    [jwe.slice(0, jwe.lastIndexOf('.')), 400],
    [`${jwe}\n`, 400],
    [`${jwe}${jwe}`, 400],
    [Buffer.from([0xff, 0xfe, 0x00]), 400],
    ['x'.repeat(100_000), 400],
    [[parts[0], '', flip(parts[2] ?? ''), parts[3], parts[4]].join('.'), 400],
    [[parts[0], '', parts[2], flip(parts[3] ?? ''), parts[4]].join('.'), 401],
    [[parts[0], '', parts[2], parts[3], flip(parts[4] ?? '')].join('.'), 401],
    [[parts[0], 'AAAA', parts[2], parts[3], parts[4]].join('.'), 400],
    [await sealed(0, target, { headers: { 'x-a': 'b\r\nx-b: c' } }), 400],
    [await sealed(0, target, { headers: { 'x a': 'b' } }), 400],
    [await sealed(1, target, { headers: { 'x-a': '1', 'X-A': '2' } }), 400],
    [
      await sealed(2, target, {
        headers: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, '1'])),
      }),
      400,
    ],
  ]
  for (const [message, status] of cases) {
    const answer = await sendSealed(world, target, message)
    assert.ok(answer.status === status || answer.status === 409, `${answer.status} ${message}`)
    assert.match(String(answer.headers['content-type']), /^application\/json/)
  }
  assert.equal(asked.length, 0)
})

test('[U10] a message of the other direction, under other keys or beyond their use is refused', async (t) => {
  const { world, asked } = await open(t)
  const answer = await sendSealed(world, target, await sealed(0, target))
  refusedWith(
    await sendSealed(world, target, answer.body.toString().trim()),
    400,
    'message_malformed',
  )
  await assert.rejects(sealed(2 ** 32, target), RangeError)
  assert.equal(asked.length, 1)
})

test('[U10] an encrypted request has a longest size', async (t) => {
  const { world, asked } = await open(t)
  const big = new Uint8Array(9 * 1024 * 1024)
  const answer = await sendSealed(world, target, await sealed(0, target, { body: big }))
  assert.equal(answer.status, 413)
  const fine = new Uint8Array(2 * 1024 * 1024).fill(97)
  const taken = await sendSealed(world, target, await sealed(0, target, { body: fine }))
  assert.equal(taken.status, 200)
  assert.equal(asked[0]?.body.length, fine.length)
  const pieces = await unsealed(taken.body.toString())
  const length = pieces.reduce((sum, { body }) => sum + (body?.length ?? 0), 0)
  assert.equal(length, fine.length + 'secret answer to '.length)
  assert.deepEqual(
    pieces.map(({ header }) => header.part),
    pieces.map((_, index) => index),
  )
  assert.deepEqual(
    pieces.map(({ header }) => header.fin === true),
    pieces.map((_, index) => index === pieces.length - 1),
  )
})

test('[U10] HEAD has no body to encrypt and is refused', async (t) => {
  const { world } = await open(t)
  const answer = await sendSealed(
    world,
    target,
    await sealed(0, target, {}, { htm: 'HEAD' }),
    'HEAD',
  )
  assert.equal(answer.status, 405)
})

test('[U10] after a restart nothing that was taken is taken again, and no answer reuses a number', async (t) => {
  const first = await open(t)
  const jwe = await sealed(3, target)
  const before = await sendSealed(first.world, target, jwe)
  assert.equal(before.status, 200)
  const second = await open(t, { sessions: first.world.sessions })
  const details = refusedWith(await sendSealed(second.world, target, jwe), 409, 'message_replayed')
  const next = details['next_seq'] as number
  assert.ok(next > 3)
  const after = await sendSealed(second.world, target, await sealed(next, target))
  assert.equal(after.status, 200)
  const seqOf = async (answer: Answer) =>
    (await unsealed(answer.body.toString())).map(({ header }) => header.seq)
  const used = await seqOf(before)
  assert.ok((await seqOf(after)).every((seq) => !used.includes(seq)))
})

test('[U10] when two processes hold one session, neither takes what the other took', async (t) => {
  const one = await open(t)
  const two = await open(t, { sessions: one.world.sessions })
  const send = async (world: SessionWorld, seq: number) =>
    (await sendSealed(world, target, await sealed(seq, target))).status
  assert.equal(await send(one.world, 0), 200)
  const taken = await Promise.all(
    [2000, 4000].flatMap((seq) => [send(one.world, seq), send(two.world, seq)]),
  )
  assert.ok(taken.filter((status) => status === 200).length <= 2)
  assert.equal(await send(two.world, 0), 409)
})

test('[U10] a stream comes piece by piece as it is made, and a broken one has no last piece', async (t) => {
  const steps = new EventTarget()
  const { world } = await open(t, {
    upstream: (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      let count = 0
      steps.addEventListener('next', () => response.write(`data: ${++count}\n\n`))
      steps.addEventListener('break', () => response.destroy())
    },
  })
  const request = http.request({
    host: '127.0.0.1',
    port: world.port,
    method: 'POST',
    path: target,
    headers: { ...world.bearer, 'content-type': encryptedMediaType },
    agent: false,
  })
  request.end(await sealed(0, target, { headers: { accept: 'text/event-stream' } }))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const nextPiece = async () => {
    const [chunk] = (await once(response, 'data')) as [Buffer]
    return (await unsealed(chunk.toString()))[0]
  }
  const head = await nextPiece()
  assert.equal(head?.status, 200)
  assert.equal(head?.headers?.['content-type'], 'text/event-stream')
  for (const count of [1, 2, 3]) {
    const coming = nextPiece()
    steps.dispatchEvent(new Event('next'))
    const piece = await coming
    assert.equal(Buffer.from(piece?.body ?? []).toString(), `data: ${count}\n\n`)
    assert.equal(piece?.header.part, count)
    assert.equal(piece?.header.fin, undefined)
  }
  response.resume()
  const ended = once(response, 'end')
  steps.dispatchEvent(new Event('break'))
  await assert.rejects(ended, /aborted|ECONNRESET/)
})

test('[U10] a store that is down takes nothing: the number could come again after a restart', async (t) => {
  const { world, asked } = await open(t)
  const { sessions } = world
  const { reserveSequence } = sessions
  await sendSealed(world, target, await sealed(0, target))
  sessions.reserveSequence = () => Promise.reject(new Error('disk full'))
  const answer = await sendSealed(world, target, await sealed(5000, target))
  assert.ok(answer.status >= 500)
  assert.equal(asked.length, 1)
  sessions.reserveSequence = reserveSequence
  assert.equal((await sendSealed(world, target, await sealed(5000, target))).status, 200)
})

/** One edit of a text: a stretch cut out, doubled, or replaced. */
const edit = fc.record({
  at: fc.nat(),
  length: fc.integer({ min: 1, max: 40 }),
  piece: fc.oneof(
    fc.constantFrom('', '.', '..', '=', 'A', '\u0000', '{', 'é'),
    fc.string({ maxLength: 20 }),
  ),
})

test('[U10] [U9] whatever is changed of a message or a token, nothing reaches the service and nothing breaks', async (t) => {
  const { world, asked } = await open(t)
  const jwe = await sealed(0, target, { body: new Uint8Array(50) })
  const change = (
    text: string,
    { at, length, piece }: { at: number; length: number; piece: string },
  ) => {
    const start = at % text.length
    return text.slice(0, start) + piece + text.slice(start + length)
  }
  await fc.assert(
    fc.asyncProperty(edit, fc.boolean(), async (one, ofToken) => {
      const changed = change(ofToken ? world.jwt : jwe, one)
      if (changed === (ofToken ? world.jwt : jwe)) return
      const header = ofToken ? changed.replace(/[^\x21-\x7e]/g, '_') : world.jwt
      const body = ofToken ? jwe : changed
      const answer = await call(world, target, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${header}`,
          'content-type': encryptedMediaType,
          'content-length': String(Buffer.byteLength(body)),
        },
        body,
      })
      assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${changed}`)
    }),
    { numRuns: 500 },
  )
  assert.equal(asked.length, 0)
  assert.equal((await sendSealed(world, target, jwe)).status, 200)
})

test('[U10] an encrypted request of unknown length is taken, and ends where it grows too long', async (t) => {
  const { world, asked } = await open(t)
  const send = async (body: string) =>
    call(world, target, {
      method: 'POST',
      headers: {
        ...world.bearer,
        'content-type': encryptedMediaType,
        'transfer-encoding': 'chunked',
      },
      body,
    })
  assert.equal((await send(await sealed(0, target))).status, 200)
  assert.equal((await send('x'.repeat(9 * 1024 * 1024))).status, 413)
  assert.equal(asked.length, 1)
})
