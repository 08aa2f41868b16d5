import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDevPerson } from '../src/try/dev-person.ts'
import { type AppFiles, createTestApp } from './app.ts'
import { type Athx, createAthx } from './athx.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

const manifest = (dependencies: object, type?: string) =>
  JSON.stringify({ name: 'shop', ...(type ? { type } : {}), dependencies }, null, 2)

interface StepLine {
  readonly type: string
  readonly step: string
  readonly outcome: string
  readonly status?: number
  readonly learnt: string
  readonly fix?: string
}

interface TriedApp {
  readonly code: number | null
  readonly stderr: string
  readonly steps: readonly StepLine[]
  readonly last: { readonly type: string; readonly ok: boolean; readonly failed: readonly string[] }
  find(step: string): StepLine
}

async function tryApp({ athx }: Athx, args: readonly string[]): Promise<TriedApp> {
  const { code, stdout, stderr } = await athx(['try', '--auto', '--json', ...args])
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const steps = lines.filter(({ type }) => type === 'step')
  return {
    code,
    stderr,
    steps,
    last: lines.at(-1),
    find: (step) => {
      const found = steps.find((one) => one.step === step)
      assert.ok(found, `${step}: ${stdout}`)
      return found
    },
  }
}

/** An app before ATH, with `athx init native` run in it. */
async function initApp(
  t: TestContext,
  files: AppFiles,
  instead?: Readonly<Record<string, string>>,
) {
  const app = await createTestApp(t, files, instead)
  const own = await createAthx(t, {})
  const added = await own.athx(['init', 'native', '--yes', '--dir', app.directory, '--quiet'])
  assert.equal(added.code, 0, added.stderr)
  return { app, own, args: ['--dir', app.directory] }
}

const expressEsm: AppFiles = {
  'package.json': manifest({ express: '^5.0.0' }, 'module'),
  'server.js': `import express from 'express'

const app = express()
app.use(express.json())
app.get('/', (request, response) => response.send('shop'))
app.get('/api/products', (request, response) => response.json([{ id: 1 }]))
app.post('/api/cart', (request, response) => response.json(request.body))
app.listen(PORT, () => console.log('listening'))
`,
}

const apps: readonly {
  readonly what: string
  readonly file: string
  readonly files: AppFiles
  readonly instead?: Readonly<Record<string, string>>
  /** Also type-checked. */
  readonly typed?: true
}[] = [
  { what: 'Express 5, ESM', file: 'server.js', files: expressEsm },
  {
    what: 'Express 4, CommonJS',
    file: 'server.js',
    instead: { express: 'express4' },
    files: {
      'package.json': manifest({ express: '^4.0.0' }),
      'server.js': `const express = require('express');
const { products } = require('./products');
const app = express();
app.use(express.json());
app.use('/api/products', products);
app.listen(PORT, () => console.log('listening'));
`,
      'products.js': `const { Router } = require('express');
const products = Router();
products.get('/', (request, response) => response.json([{ id: 1 }]));
module.exports = { products };
`,
    },
  },
  {
    what: 'Express 5, TypeScript',
    file: 'src/main.ts',
    typed: true,
    files: {
      'package.json': manifest({ express: '^5.0.0' }, 'module'),
      'src/main.ts': `import { createApp } from './app.ts'

createApp().listen(PORT, () => console.log('listening'))
`,
      'src/app.ts': `import express, { type Express } from 'express'

export function createApp(): Express {
  const app = express()
  app.use(express.json())
  app.get('/api/products', (_request, response) => {
    response.json([{ id: 1 }])
  })
  return app
}
`,
    },
  },
  {
    what: 'Fastify, ESM',
    file: 'server.js',
    files: {
      'package.json': manifest({ fastify: '^5.0.0' }, 'module'),
      'server.js': `import Fastify from 'fastify'

const app = Fastify()
app.register(async (api) => {
  api.get('/products', async () => [{ id: 1 }])
}, { prefix: '/api' })
await app.listen({ port: PORT })
console.log('listening')
`,
    },
  },
  {
    what: 'Fastify, CommonJS',
    file: 'server.js',
    files: {
      'package.json': manifest({ fastify: '^5.0.0' }),
      'server.js': `const fastify = require('fastify')()

fastify.get('/api/products', async () => [{ id: 1 }])
fastify.listen({ port: PORT }).then(() => console.log('listening'))
`,
    },
  },
  {
    what: 'Hono, TypeScript',
    file: 'src/index.ts',
    typed: true,
    files: {
      'package.json': manifest({ hono: '^4.0.0', '@hono/node-server': '^1.0.0' }, 'module'),
      'src/index.ts': `import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { products } from './products.ts'

const app = new Hono()
app.route('/api/products', products)
serve({ fetch: app.fetch, port: PORT }, () => console.log('listening'))
`,
      'src/products.ts': `import { Hono } from 'hono'

export const products = new Hono().get('/', (c) => c.json([{ id: 1 }]))
`,
    },
  },
]

for (const { what, file, files, instead, typed } of apps)
  test(`${what}: what \`athx init native\` wrote runs, and \`athx try\` finds every step as it should be`, async (t) => {
    const { app, own, args } = await initApp(t, files, instead)
    if (typed) await checkTypes(app.directory)
    await app.start(file)
    const tried = await tryApp(own, args)
    assert.equal(tried.code, 0, JSON.stringify([tried.steps, app.output()], null, 1))
    assert.deepEqual([tried.last.type, tried.last.ok, tried.last.failed], ['result', true, []])
    assert.equal(tried.find('call products:read').status, 200)
    assert.match(tried.find('register').learnt, /key checked/)
    assert.match(
      tried.find('token').learnt,
      /^service .*products:read.* ∩ person .* = .*products:read/,
    )
    for (const refused of ['outside', 'stolen', 'ended'])
      assert.match(tried.find(refused).learnt, /refused, as it must be/)
    assert.equal(tried.find('proxy').status, 200)
    assert.match(tried.find('renew').learnt, /fresh token/)
  })

async function checkTypes(directory: string): Promise<void> {
  await writeFile(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.check.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules/@types')] },
      include: ['src'],
    }),
  )
  const tsc = join(root, 'node_modules/.bin/tsc')
  const { status, stdout } = spawnSync(tsc, ['-p', directory], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
}

test('[D1] the nine-step handshake is driven, too: a person made up with a key, each message, calls, the end', async (t) => {
  const { app, own, args } = await initApp(t, expressEsm)
  await app.start('server.js')
  const tried = await tryApp(own, [...args, '--handshake', 'nine-step'])
  assert.equal(tried.code, 0, JSON.stringify([tried.steps, app.output()], null, 1))
  const names = ['person', 'credential', '1-2 hello', '3-4 identified', '5 asked', '6-7 answered']
  for (const name of [...names, '8 granted', 'session', 'call products:read', 'proxy'])
    assert.equal(tried.find(name).outcome, 'ok')
  assert.match(tried.find('stolen').learnt, /AGENT_IDENTITY_MISMATCH/)
  assert.match(tried.find('ended').learnt, /TOKEN_REVOKED/)
})

test('the verbs reach a real app: served identity, a person on its pages, direct and proxied calls, the end', async (t) => {
  const { app, own } = await initApp(t, expressEsm)
  await app.start('server.js')
  await own.athx(['key', 'new'])
  const serving = own.start(['agent', 'init', '--serve', '--port', '0'])
  await serving.saw('serving until')
  const connecting = own.start([
    'connect',
    '--service',
    app.url,
    '--scopes',
    'products:read,cart:write',
  ])
  await connecting.saw(/^open +\S+$/m)
  const { pending } = JSON.parse(
    (await own.athx(['status', '--service', app.url, '--json'])).stdout,
  )
  const person = createDevPerson(fetch, new AbortController().signal)
  assert.equal(await person.agree(pending[0].authorization_url), 'Done')
  const connected = await connecting.done
  assert.equal(connected.code, 0, connected.stderr)
  assert.match(
    connected.stdout,
    /^com\.example\.shop +cart:write products:read|^com\.example\.shop +products:read cart:write/,
  )
  const posted = await own.athx(['call', 'POST', '/api/cart', '--body', '{"id":1}'])
  assert.deepEqual([posted.code, posted.stdout], [0, '{"id":1}'], posted.stderr)
  const proxied = await own.athx(['proxy', 'shop', 'GET', '/api/products'])
  assert.deepEqual([proxied.code, proxied.stdout], [0, '[{"id":1}]'], proxied.stderr)
  const closed = await own.athx(['call', 'GET', '/api/other'])
  assert.equal(closed.code, 5, closed.stderr)
  const checked = await own.athx(['doctor'])
  assert.equal(checked.code, 0, checked.stdout)
  assert.equal((await own.athx(['revoke'])).code, 0)
  assert.equal((await own.athx(['call', 'GET', '/api/products'])).code, 4)
  serving.interrupt()
})

test('a person who watches sees each step with method, address, status and time, and a summary', async (t) => {
  const { app, own, args } = await initApp(t, expressEsm)
  await app.start('server.js')
  const { code, stdout } = await own.athx(['try', '--auto', ...args])
  assert.equal(code, 0, stdout)
  assert.match(
    stdout,
    /^ 1 {3}discover +GET {2}\/\.well-known\/ath-app\.json +200 +\d+ ms {2}Shop \(com\.example\.shop\) offers/m,
  )
  assert.match(stdout, /^ 7 - call cart:write +not called: it would change things$/m)
  assert.match(stdout, /\nall as it should be: the app at http:\/\/localhost:\d+ speaks ATH\n$/)
  const named = await tryApp(own, [...args, '--get', '/api/products', '--scopes', 'products:read'])
  assert.equal(named.find('call').status, 200)
  assert.deepEqual(
    named.steps.filter(({ step }) => step.includes('cart')),
    [],
  )
})

test('without --auto it waits for the person, whom it tells the address', async (t) => {
  const { app, own, args } = await initApp(t, expressEsm)
  await app.start('server.js')
  const { code, stdout, stderr } = await own.athx(['try', ...args, '--wait-timeout', '1s'])
  assert.equal(code, 1)
  assert.match(stderr, /^open {6}http:\/\/localhost:\d+\/ath\/authorize\/\S+$/m)
  assert.match(stderr, /^waiting for the user, until /m)
  assert.match(stdout, /^ 5 ✗ token .*CONSENT_PENDING/m)
})

const replaceIn = async (path: string, from: string, to: string) => {
  const text = await readFile(path, 'utf8')
  assert.ok(text.includes(from), text)
  await writeFile(path, text.replace(from, to))
}

test('an app that is wired wrongly fails the step that shows it, with what to mend', async (t) => {
  const mistakes: readonly {
    readonly file: string
    readonly from: string
    readonly to: string
    readonly failed: string
    readonly fix: RegExp
  }[] = [
    {
      file: 'server.js',
      from: 'const app = express()\n',
      to: `const app = express()\napp.get('/api/products', (request, response) => response.json([]))\n`,
      failed: 'stolen',
      fix: /put `app\.use\(ath\(athConfig\)\)` before it/,
    },
    {
      file: 'ath.config.js',
      from: 'devIdp: true,',
      to: `devIdp: true, agents: [{ domain: 'agent.example', allow: 'all' }],`,
      failed: 'register',
      fix: /agents: \[\{ domain: '127\.0\.0\.1', allow: 'all' \}\]/,
    },
    {
      file: 'ath.config.js',
      from: `'GET /api/products'`,
      to: `'GET /api/nothing'`,
      failed: 'call products:read',
      fix: /correct the route in ath\.config/,
    },
    {
      file: 'server.js',
      from: 'app.use(ath(athConfig))\n',
      to: '',
      failed: 'discover',
      fix: /athx init native/,
    },
    {
      file: 'server.js',
      from: `app.get('/', (`,
      to: `app.use('/api', (request, response) => response.redirect('/login'))\napp.get('/', (`,
      failed: 'call products:read',
      fix: /let requests pass that have `req\.ath`/,
    },
  ]
  for (const { file, from, to, failed, fix } of mistakes) {
    const { app, own, args } = await initApp(t, expressEsm)
    await replaceIn(join(app.directory, file), from, to)
    await app.start('server.js')
    const tried = await tryApp(own, args)
    assert.equal(tried.find(failed).outcome, 'failed', `${failed} ${JSON.stringify(tried.steps)}`)
    assert.match(tried.find(failed).fix ?? '', fix)
    assert.notEqual(tried.code, 0)
    assert.ok(tried.last.failed.includes(failed))
    assert.equal(tried.last.ok, false)
  }
})

test('an app that does not run, or is not on this machine, is said to be so', async (t) => {
  const { own, args } = await initApp(t, expressEsm)
  const down = await tryApp(own, args)
  assert.equal(down.code, 7)
  assert.match(down.find('discover').fix ?? '', /start the app/)
  const away = await own.athx(['try', '--service', 'https://shop.example'])
  assert.equal(away.code, 3)
  assert.match(away.stderr, /not on this machine[^]*athx connect --service/)
  assert.equal((await own.athx(['try'])).code, 3)
  assert.match((await own.athx(['try', '--handshake', 'nine-step', ...args])).stderr, /add --auto/)
})
