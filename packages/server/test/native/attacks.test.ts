import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setTimeout as later } from 'node:timers/promises'
import express, { type Request } from 'express'
import { memoryStore } from '../../src/index.ts'
import type { GrantStore } from '../../src/ports/grants.ts'
import type { StoreSource } from '../../src/ports/store.ts'
import { compactJws } from './compact-jws.ts'
import { type AppUnderAttack, type Asking, attackedExpress, attackedHono } from './hostile-app.ts'
import { openStepUp } from './person.ts'

interface Refusal {
  readonly code: string
  readonly details: {
    readonly reason?: string
    readonly step_up: { readonly id: string; readonly confirm_url: string }
  }
}
const closing = (t: TestContext, app: AppUnderAttack): AppUnderAttack => {
  t.after(() => app.close())
  return app
}
const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const always = { stepUp: () => true, describe: () => 'An order' }

/** What an app's own log-in could find of who is asking. */
const credentialsOf = (req: Request) => ({
  authorization: req.headers.authorization ?? null,
  cookie: req.headers.cookie ?? null,
  raw: req.rawHeaders.filter((text) => /^(authorization|cookie)$/i.test(text)),
  distinct: Object.keys(req.headersDistinct).filter((name) =>
    /^(authorization|cookie)$/.test(name),
  ),
})
const nobody = { authorization: null, cookie: null, raw: [], distinct: [] }

/** Asks with this body, has the person say yes, and returns what repeats it. */
async function confirmed(app: AppUnderAttack, init: Asking): Promise<Record<string, string>> {
  const asked = (await (await app.ask('/orders', init)).json()) as Refusal
  assert.equal(asked.details.reason, 'step_up_required')
  const { decide } = await openStepUp(asked.details.step_up.confirm_url)
  assert.equal((await decide('approve')).status, 200)
  return { 'x-ath-step-up': asked.details.step_up.id }
}

test('an app’s own log-in sees neither the token nor the cookies of an agent’s request, whatever opened the route', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      app.get('/about', (req, res) => void res.json(credentialsOf(req)))
      app.get('/api/products', (req, res) => void res.json(credentialsOf(req)))
      app.get(
        '/orders',
        agents.requireScope('orders:write'),
        (req, res) => void res.json(credentialsOf(req)),
      )
    }),
  )
  for (const path of ['/about', '/api/products', '/orders']) {
    const answer = await app.ask(path, { headers: { cookie: 'session=wang' } })
    assert.equal(answer.status, 200, path)
    assert.deepEqual(await answer.json(), nobody, path)
  }
  const invented = { cookie: 'session=wang', 'x-ath-call': 'somebody' }
  for (const path of ['/about', '/api/products'])
    assert.deepEqual(await (await app.ask(path, { headers: invented })).json(), nobody, path)
  const person = await fetch(`${app.url}/about`, { headers: { cookie: 'session=wang' } })
  assert.equal(((await person.json()) as { cookie: string }).cookie, 'session=wang')
})

test('on Hono, too, an agent’s request is not its user’s', async (t) => {
  const app = closing(
    t,
    await attackedHono((app, agents) => {
      app.use(agents)
      app.get('*', (c) =>
        c.json([c.req.header('authorization') ?? null, c.req.header('cookie') ?? null]),
      )
    }),
  )
  for (const path of ['/about', '/api/products'])
    assert.deepEqual(
      await (await app.ask(path, { headers: { cookie: 'session=wang' } })).json(),
      [null, null],
      path,
    )
})

test('a token of ours that stands oddly, or beside the app’s own, is not for the app’s log-in', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      app.get('/about', (req, res) => void res.json(credentialsOf(req)))
      app.get('/api/products', (_req, res) => void res.json({ open: true }))
    }),
  )
  const token = app.session.accessToken
  for (const authorization of [
    `Bearer own, Bearer ${token}`,
    `Bearer ${token}, Bearer own`,
    `bearer\t${token}`,
    `Token ${token}`,
    `Bearer  "${token}"`,
  ]) {
    const headers = { authorization }
    assert.deepEqual(await (await app.ask('/about', { headers })).json(), nobody, authorization)
    assert.equal((await app.ask('/api/products', { headers })).status, 401, authorization)
  }
})

test('an app that is its own OAuth server keeps its own tokens, though they look like ours', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      app.get('/api/products', (req, res) => void res.json(req.headers.authorization))
    }),
  )
  const own = compactJws({ alg: 'ES256', typ: 'at+jwt' }, { iss: app.url, sub: 'wang' })
  const answer = await fetch(`${app.url}/api/products`, {
    headers: { authorization: `Bearer ${own}` },
  })
  assert.equal(await answer.json(), `Bearer ${own}`)
  const forged = compactJws({ alg: 'ES256', typ: 'at+jwt' }, { iss: app.url, ath_agent_id: 'x' })
  const refused = await fetch(`${app.url}/api/products`, {
    headers: { authorization: `Bearer ${forged}` },
  })
  assert.equal(refused.status, 401)
})

test('our proxy is no way around a guard: neither its scope nor its confirmation', async (t) => {
  const world = (scopes: Parameters<typeof attackedExpress>[1]) =>
    attackedExpress((app, agents) => {
      app.use(express.json())
      app.use(agents)
      app.post(
        '/api/checkout',
        agents.requireScope('orders:write', {
          stepUp: (req) => (req.body as { total: number }).total > 500,
          others: 'next',
        }),
        (_req, res) => void res.json({ ordered: true }),
      )
    }, scopes)
  const checkout = (app: AppUnderAttack, total: number) =>
    app.ask('/ath/proxy/shop/api/checkout', {
      method: 'POST',
      body: JSON.stringify({ total }),
      headers: json,
    })
  const cartOnly = closing(t, await world(['cart:write']))
  assert.equal((await checkout(cartOnly, 1)).status, 403)
  const all = closing(t, await world(['cart:write', 'orders:write']))
  assert.equal((await checkout(all, 1)).status, 200)
  assert.equal((await checkout(all, 501)).status, 401)
})

test('a person’s yes to a form with nested values holds for no other form', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(express.urlencoded({ extended: true }))
      app.use(agents)
      app.post(
        '/orders',
        agents.requireScope('orders:write', always),
        (req, res) => void res.json(req.body),
      )
    }),
  )
  const nested = await app.ask('/orders', {
    method: 'POST',
    headers: form,
    body: 'items[0][price]=1',
  })
  assert.equal(nested.status, 400)
  const repeat = await confirmed(app, { method: 'POST', headers: form, body: 'a=1&a=2' })
  const other = { method: 'POST', headers: { ...form, ...repeat }, body: 'a=1%2C2' }
  assert.equal((await app.ask('/orders', other)).status, 401)
  const same = { ...other, body: 'a=1&a=2' }
  assert.equal((await app.ask('/orders', same)).status, 200)
})

test('a body that was read before the guard, and files beside it, are not confirmed unseen', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      // As parsers of uploads do: the stream is read, the fields are in the body, the files elsewhere.
      app.use(async (req, _res, next) => {
        for await (const chunk of req) void chunk
        if (req.headers['x-fields']) req.body = { title: 'A photo' }
        next()
      })
      app.post(
        '/orders',
        agents.requireScope('orders:write', always),
        (_req, res) => void res.end(),
      )
    }),
  )
  const upload = { 'content-type': 'multipart/form-data; boundary=x' }
  for (const headers of [upload, { ...upload, 'x-fields': '1' }]) {
    const answer = await app.ask('/orders', { method: 'POST', headers, body: '--x\r\n\r\n--x--' })
    assert.equal(answer.status, 400)
  }
})

test('a number that JSON cannot write is not confirmed as null', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(express.json())
      app.use(agents)
      app.post(
        '/orders',
        agents.requireScope('orders:write', always),
        (_req, res) => void res.end(),
      )
    }),
  )
  const init = { method: 'POST', headers: json, body: '{"total":1e999}' }
  assert.equal((await app.ask('/orders', init)).status, 400)
})

test('a person’s yes to a body holds for no other way to read the same bytes', async (t) => {
  const app = closing(
    t,
    await attackedHono((app, agents) => {
      app.use(agents)
      app.post('/orders', agents.requireScope('orders:write', always), async (c) =>
        c.json([...(await c.req.raw.formData())].length),
      )
    }),
  )
  const body = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n--y\r\n--x--\r\n'
  const as = (boundary: string) => ({ 'content-type': `multipart/form-data; boundary=${boundary}` })
  const repeat = await confirmed(app, { method: 'POST', headers: as('x'), body })
  const headers = { ...as('y'), ...repeat }
  assert.equal((await app.ask('/orders', { method: 'POST', headers, body })).status, 401)
  const same = await app.ask('/orders', {
    method: 'POST',
    headers: { ...as('x'), ...repeat },
    body,
  })
  assert.equal(same.status, 200)
})

test('a question to the person is for agents that were let in: the app’s own rules do not run for others, and their failure opens nothing', async (t) => {
  let asked = 0
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      const stepUp = (req: Request) => {
        asked++
        return (req.body as { total: number }).total > 500
      }
      app.post('/orders', agents.requireScope('orders:write', { stepUp }), (_req, res) => {
        res.json({ ordered: true })
      })
    }),
  )
  const wrong = { authorization: `Bearer ath_tk_${'A'.repeat(43)}` }
  assert.equal((await app.ask('/orders', { method: 'POST', headers: wrong })).status, 401)
  assert.equal((await fetch(`${app.url}/orders`, { method: 'POST' })).status, 401)
  assert.equal(asked, 0)
  // Nobody parsed the body.
  const thrown = await app.ask('/orders', { method: 'POST', headers: json, body: '{"total":1}' })
  assert.equal(thrown.status, 500)
  assert.equal(asked, 1)
})

test('of two repeats of one confirmed request at once, one passes', async (t) => {
  let orders = 0
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      app.use(express.json())
      app.post('/orders', agents.requireScope('orders:write', always), (_req, res) => {
        orders++
        res.end()
      })
    }),
  )
  const init = { method: 'POST', headers: json, body: '{"total":600}' }
  const repeat = await confirmed(app, init)
  const again = { ...init, headers: { ...json, ...repeat } }
  const statuses = await Promise.all(
    Array.from({ length: 10 }, async () => (await app.ask('/orders', again)).status),
  )
  assert.equal(statuses.filter((status) => status === 200).length, 1)
  assert.equal(orders, 1)
})

test('a body that we looked at is still there for whoever reads it after us', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      app.post(
        '/orders',
        agents.requireScope('orders:write', always),
        express.json(),
        (req, res) => void res.json(req.body),
      )
    }),
  )
  const body = JSON.stringify({ total: 600, note: 'x'.repeat(90_000) })
  const init = { method: 'POST', headers: json, body }
  const repeat = await confirmed(app, init)
  const answer = await app.ask('/orders', { ...init, headers: { ...json, ...repeat } })
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), body)
})

test('[R98] a header or a later middleware that names another method opens nothing', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use(agents)
      app.use((req, _res, next) => {
        'use strict'
        if (req.query['_method'] === 'DELETE') req.method = 'DELETE'
        next()
      })
      app.post('/api/cart/1', (_req, res) => void res.json('added'))
      app.delete('/api/cart/1', (_req, res) => void res.json('deleted'))
    }),
  )
  const headers = { 'x-http-method-override': 'DELETE' }
  assert.equal((await app.ask('/api/cart/1', { method: 'POST', headers })).status, 400)
  const query = await app.ask('/api/cart/1?_method=DELETE', { method: 'POST' })
  assert.equal(query.status, 500)
  assert.equal(await (await app.ask('/api/cart/1', { method: 'POST' })).json(), 'added')
})

for (const [name, open] of Object.entries({
  Express: () =>
    attackedExpress((app, agents) => {
      app.use(agents)
      app.get('/api/products', (_req, res) => {
        const timer = setInterval(() => res.write('data: more\n\n'), 20)
        res.once('close', () => clearInterval(timer))
      })
    }),
  Hono: () =>
    attackedHono((app, agents) => {
      app.use(agents)
      app.get('/api/products', (c) => {
        let timer: NodeJS.Timeout
        return c.body(
          new ReadableStream({
            start(controller) {
              timer = setInterval(() => controller.enqueue(Buffer.from('data: more\n\n')), 20)
            },
            cancel: () => clearInterval(timer),
          }),
        )
      })
    }),
}))
  test(`[R107] on ${name} a stream that is open when its token is revoked breaks off`, async (t) => {
    const app = closing(t, await open())
    const answer = await app.ask('/api/products')
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await app.session.revoke()
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    })
    await later(50)
    assert.equal(app.audit.filter(({ event }) => event === 'proxy_request').length, 1)
  })

test('an agent that leaves while it is let in starts nothing, and leaves nothing behind but its record', async (t) => {
  let started = 0
  let delay = 0
  const slow: StoreSource = {
    kind: 'memory',
    async open(inner) {
      const store = await memoryStore().open(inner)
      const grants: GrantStore = new Proxy(store.grants, {
        get: (target, name) =>
          name === 'find'
            ? (id: string) => later(delay).then(() => target.find(id))
            : (Reflect.get(target, name) as (...args: never[]) => unknown).bind(target),
      })
      return { ...store, grants, shared: true }
    },
  }
  const app = closing(
    t,
    await attackedExpress(
      (app, agents) => {
        app.use(agents)
        app.get('/api/products', (_req, res) => {
          started++
          res.json([])
        })
      },
      undefined,
      { store: slow },
    ),
  )
  delay = 200
  const headers = {
    authorization: `Bearer ${app.session.accessToken}`,
    'x-ath-agent-id': app.agentId,
  }
  const outgoing = httpRequest(`${app.url}/api/products`, { headers })
  outgoing.on('error', () => {})
  outgoing.end()
  await later(100)
  outgoing.destroy()
  await later(300)
  assert.equal(started, 0)
  const calls = app.audit.filter(({ path }) => path === '/api/products')
  assert.deepEqual(
    calls.map(({ denial_reason }) => denial_reason),
    ['caller_aborted'],
  )
})

test('callers of a socket that listens for IPv6, too, are told apart: one does not use up another’s limit', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.set('trust proxy', true)
      app.use(agents)
    }),
  )
  const signIn = (ip: string) =>
    fetch(`${app.url}/ath/login`, { redirect: 'manual', headers: { 'x-forwarded-for': ip } })
  for (let index = 0; index < 40; index++) await signIn('::ffff:192.0.2.1')
  assert.equal((await signIn('::ffff:192.0.2.1')).status, 429)
  assert.equal((await signIn('::ffff:192.0.2.2')).status, 302)
  assert.equal((await signIn('192.0.2.1')).status, 429)
})

test('our pages keep their headers where something listens to each of them, and helmet does not replace them', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use((_req, res, next) => {
        res.setHeader('content-security-policy', 'script-src *')
        const { writeHead } = res
        // As on-headers before 1.1 under sessions and compression: a list is taken for pairs.
        res.writeHead = ((status: number, headers?: unknown) => {
          if (Array.isArray(headers))
            for (const [name, value] of headers as string[])
              if (name && value) res.setHeader(name, value)
          return writeHead.call(res, status)
        }) as typeof writeHead
        next()
      })
      app.use(agents)
    }),
  )
  const page = await fetch(`${app.url}/ath/login/callback`)
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/)
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  assert.equal(page.headers.get('x-frame-options'), 'DENY')
})

test('an answer that somebody gave before us does not end the process', async (t) => {
  const app = closing(
    t,
    await attackedExpress((app, agents) => {
      app.use((req, res, next) => {
        if (req.headers['x-late']) res.status(503).end('too late')
        next()
      })
      app.use(agents)
    }),
  )
  for (const path of ['/ath/login/callback', '/api/products'])
    assert.equal((await app.ask(path, { headers: { 'x-late': '1' } })).status, 503)
  assert.equal((await fetch(`${app.url}/ath/login/callback`)).status, 400)
})

test('an order that is read for its amount before the app’s parser is refused over the limit, and whole for the app within it', async (t) => {
  const app = closing(
    t,
    await attackedExpress(
      (app, agents) => {
        app.use(agents)
        app.use(express.json())
        app.post('/api/checkout', (req, res) => void res.json(req.body))
      },
      undefined,
      { amounts: { 'POST /api/checkout': '/total' }, restrictions: { order_amount_limit: 500 } },
    ),
  )
  const order = (body: string) => app.ask('/api/checkout', { method: 'POST', headers: json, body })
  assert.deepEqual(await (await order('{"total":1}')).json(), { total: 1 })
  assert.equal((await order('{"total":501}')).status, 403)
  assert.equal((await order('{"total":501,"total":1}')).status, 403)
})

for (const [name, open] of Object.entries({
  Express: (signals: AbortSignal[]) =>
    attackedExpress((app, agents) => {
      app.use(agents)
      app.post('/api/checkout', agents.requireScope('cart:write'), (req, res) => {
        if (req.ath) signals.push(req.ath.signal)
        res.json('ordered')
      })
    }),
  Hono: (signals: AbortSignal[]) =>
    attackedHono((app, agents) => {
      app.use(agents)
      app.post('/api/checkout', agents.requireScope('cart:write'), (c) => {
        const agent = c.get('ath')
        if (agent) signals.push(agent.signal)
        return c.json('ordered')
      })
    }),
}))
  test(`on ${name} a call is let go of when it is over, whichever way it came`, async (t) => {
    const signals: AbortSignal[] = []
    const app = closing(t, await open(signals))
    for (const path of ['/api/checkout', '/ath/proxy/shop/api/checkout'])
      assert.equal(await (await app.ask(path, { method: 'POST' })).json(), 'ordered')
    await later(50)
    await app.session.revoke()
    await later(50)
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [false, false],
    )
  })
