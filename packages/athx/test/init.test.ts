import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text as readText } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { type Io, run } from '../src/index.ts'

/** By a name, so that the laws of this repository do not take the apps’ imports for the test’s own. */
const server = '@ath-protocol/server'

type Files = Readonly<Record<string, string>>

async function createApp(t: TestContext, files: Files): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'athx-init-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), text)
  }
  return directory
}

async function readApp(directory: string): Promise<Record<string, string>> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true })
  const files: Record<string, string> = {}
  for (const entry of names.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    files[path.slice(directory.length + 1)] = await readFile(path, 'utf8')
  }
  return files
}

/** athx in this process; with `answer` a person sits at the terminal and types it. */
async function athx(directory: string, args: readonly string[], answer?: string) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const io: Io = {
    stdin: answer === undefined ? stdin : Object.assign(stdin, { isTTY: true }),
    stdout,
    stderr,
    talksToPerson: answer !== undefined,
    printsToTerminal: answer !== undefined,
    env: { ATHX_HOME: join(directory, '.home') },
    homeDir: directory,
    cwd: directory,
    interrupted: new AbortController().signal,
    nodeVersion: process.versions.node,
    now: () => Date.now() / 1000,
  }
  if (answer !== undefined) stdin.write(`${answer}\n`)
  const texts = Promise.all([readText(stdout), readText(stderr)])
  const code = await run(['init', 'native', ...args], io)
  stdout.end()
  stderr.end()
  const [out, err] = await texts
  return { code, stdout: out, stderr: err }
}

const manifest = (dependencies: Files, rest: object = {}) =>
  `${JSON.stringify({ name: '@acme/shop', ...rest, dependencies }, null, 2)}\n`

/** The file after `init native --yes` as lines that were added, and where. */
function addedLines(before: string, after: string): readonly string[] {
  const old = before.split('\n')
  const added: string[] = []
  let at = 0
  for (const line of after.split('\n')) {
    if (line === old[at]) at += 1
    else added.push(`${at}: ${line}`)
  }
  assert.equal(at, old.length, 'every line of before is there, in order')
  return added
}

const expressEsm: Files = {
  'package.json': manifest({ cors: '^2.8.5', express: '^5.1.0' }, { type: 'module' }),
  'package-lock.json': '{}',
  'server.js': `import cors from 'cors'
import express from 'express'
import { orders } from './routes/orders.js'

export const app = express()
const port = process.env.PORT ?? 4000
app.set('trust proxy', 1)
app.use(cors(), express.json())
app.use(express.urlencoded({ extended: false })) // forms
app.use(requireLogin)

app.get('/', (req, res) => res.send('shop'))
app.get('/api/products', list)
app.get(['/api/products/:id', '/api/product/:id'], list)
app.post('/api/cart/add', list)
app.use('/api/orders', orders)
app.get('/api/admin/users', list)
app.post('/api/auth/login', list)
app.get('port')
app.listen(port)
`,
  'routes/orders.js': `import { Router } from 'express'
export const orders = Router()
orders.route('/').get(list).post(list)
orders.delete('/:id', list)
`,
}

const expressCommon: Files = {
  'package.json': manifest({ express: '^4.21.0' }),
  'yarn.lock': '',
  'app.js': `"use strict";
const express = require("express");
const products = require("./products");
const { addCart } = require("./cart");

const app = express();

app.use("/products", products);
addCart(app);
module.exports = app;
`,
  'products.js': `const router = require("express").Router();
router.get("/", (req, res) => res.json([]));
router.patch("/:id", (req, res) => res.json([]));
module.exports = router;
`,
  'cart.js': `exports.addCart = (app) => {
  app.delete("/cart/:item", (req, res) => res.end());
};
`,
}

const expressTyped: Files = {
  'package.json': manifest({ express: '^5.1.0', zod: '^4.0.0' }, { type: 'module' }),
  'pnpm-lock.yaml': '',
  'src/main.ts': `import { createApp } from './app.ts'
createApp().listen(8080)
`,
  'src/app.ts': `import express, { type Express } from 'express'
import type { Request } from 'express'
import { notes } from './notes.ts'

export function createApp(): Express {
  const app: Express = express()
  app.use(express.json())
  app.use('/api/v1/notes', notes(new Map<string, string>()))
  return app
}
`,
  'src/notes.ts': `import { Router } from 'express'
export const notes = (store: Map<string, string>): Router => {
  const router = Router()
  router.get<{ id: string }>('/:id', (request, response) => response.json(store.get(request.params.id)))
  router.put('/:id', (request, response) => response.end())
  return router
}
`,
}

const expressClass: Files = {
  'package.json': manifest({ express: '^4.21.0' }),
  'src/app.ts': `import express, { Application } from 'express';
import { notes } from './notes';

export class App {
  public readonly app: Application;

  constructor(private readonly port: number = 3100) {
    this.app = express();
    this.initializeMiddleware();
    this.app.use('/api/notes', notes);
  }

  private initializeMiddleware(): void {
    this.app.use(express.json());
    this.app.get('/api/tags', list);
  }

  public listen(): void {
    this.app.listen(3100);
  }
}
`,
  'src/notes.ts': `import { Router } from 'express';
export const notes = Router();
notes.delete('/:id', list);
`,
}

const fastifyEsm: Files = {
  'package.json': manifest({ fastify: '^5.0.0' }, { type: 'module' }),
  'bun.lock': '',
  'index.js': `import Fastify from 'fastify'
import products from './plugins/products.js'

const app = Fastify({ logger: true })

app.register(products, { prefix: '/api/products' })
app.route({ method: ['POST', 'PUT'], url: '/api/cart', handler: async () => ({}) })
await app.listen({ port: 3300 })
`,
  'plugins/products.js': `import fp from 'fastify-plugin'
export default fp(async function (instance, options) {
  instance.get('/', async () => [])
  instance.get('/:id/files/*', async () => [])
})
`,
}

const fastifyCommon: Files = {
  'package.json': manifest({ fastify: '^4.0.0' }),
  'server.js': `const fastify = require('fastify')({ logger: false })

fastify.register(async (inner) => {
  inner.get('/stock', async () => [])
}, { prefix: '/v2' })
fastify.listen({ port: 3000 })
`,
}

const hono: Files = {
  'package.json': manifest({ hono: '^4.6.0' }, { type: 'module' }),
  'src/index.tsx': `import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { cart } from './cart'

const app = new Hono<{ Variables: { name: string } }>()

app.get('/', (c) => c.html(<h1>Shop</h1>))
app.get('/api/products', (c) => c.json([]))
app.route('/api/cart', cart)

serve({ fetch: app.fetch, port: 8787 })
export default app
`,
  'src/cart.ts': `import { Hono } from 'hono'
export const cart = new Hono()
  .get('/', (c) => c.json([]))
  .post('/:item', (c) => c.json([]))
`,
}

const kinds: readonly {
  readonly what: string
  readonly files: Files
  readonly file: string
  readonly added: readonly string[]
  readonly config: string
  readonly scopes: Readonly<Record<string, readonly string[]>>
  readonly url: string
  readonly installer: string
}[] = [
  {
    what: 'Express 5, ESM',
    files: expressEsm,
    file: 'server.js',
    added: [
      `3: import { ath } from '${server}/express'`,
      `3: import { athConfig } from './ath.config.js'`,
      `9: app.use(ath(athConfig))`,
    ],
    config: 'ath.config.js',
    scopes: {
      'cart:write': ['POST /api/cart/add'],
      'orders:read': ['GET /api/orders'],
      'orders:write': ['POST /api/orders', 'DELETE /api/orders/*'],
      'product:read': ['GET /api/product/*'],
      'products:read': ['GET /api/products', 'GET /api/products/*'],
    },
    url: 'http://localhost:4000',
    installer: 'npm',
  },
  {
    what: 'Express 4, CommonJS with semicolons and double quotes',
    files: expressCommon,
    file: 'app.js',
    added: [
      `4: const { ath } = require("${server}/express");`,
      `4: const { athConfig } = require("./ath.config.js");`,
      `6: app.use(ath(athConfig));`,
    ],
    config: 'ath.config.js',
    scopes: {
      'cart:write': ['DELETE /cart/*'],
      'products:read': ['GET /products'],
      'products:write': ['PATCH /products/*'],
    },
    url: 'http://localhost:3000',
    installer: 'yarn',
  },
  {
    what: 'Express in TypeScript, made by a function',
    files: expressTyped,
    file: 'src/app.ts',
    added: [
      `3: import { ath } from '${server}/express'`,
      `3: import { athConfig } from './ath.config.ts'`,
      `7:   app.use(ath(athConfig))`,
    ],
    config: 'src/ath.config.ts',
    scopes: { 'notes:read': ['GET /api/v1/notes/*'], 'notes:write': ['PUT /api/v1/notes/*'] },
    url: 'http://localhost:8080',
    installer: 'pnpm',
  },
  {
    what: 'Express in a class, compiled to CommonJS',
    files: expressClass,
    file: 'src/app.ts',
    added: [
      `2: import { ath } from '${server}/express';`,
      `2: import { athConfig } from './ath.config';`,
      `8:     this.app.use(ath(athConfig));`,
    ],
    config: 'src/ath.config.ts',
    scopes: { 'notes:write': ['DELETE /api/notes/*'], 'tags:read': ['GET /api/tags'] },
    url: 'http://localhost:3100',
    installer: 'npm',
  },
  {
    what: 'Fastify, ESM',
    files: fastifyEsm,
    file: 'index.js',
    added: [
      `2: import { ath } from '${server}/fastify'`,
      `2: import { athConfig } from './ath.config.js'`,
      `4: await app.register(ath(athConfig))`,
    ],
    config: 'ath.config.js',
    scopes: {
      'cart:write': ['POST /api/cart', 'PUT /api/cart'],
      'products:read': ['GET /api/products', 'GET /api/products/*/files/**'],
    },
    url: 'http://localhost:3300',
    installer: 'bun',
  },
  {
    what: 'Fastify, CommonJS',
    files: fastifyCommon,
    file: 'server.js',
    added: [
      `0: const { ath } = require('${server}/fastify')`,
      `0: const { athConfig } = require('./ath.config.js')`,
      `1: fastify.register(ath(athConfig))`,
    ],
    config: 'ath.config.js',
    scopes: { 'v2:read': ['GET /v2/stock'] },
    url: 'http://localhost:3000',
    installer: 'npm',
  },
  {
    what: 'Hono in TypeScript with JSX',
    files: hono,
    file: 'src/index.tsx',
    added: [
      `3: import { ath } from '${server}/hono'`,
      `3: import { athConfig } from './ath.config'`,
      `5: app.use(ath(athConfig))`,
    ],
    config: 'src/ath.config.ts',
    scopes: {
      'cart:read': ['GET /api/cart'],
      'cart:write': ['POST /api/cart/*'],
      'products:read': ['GET /api/products'],
    },
    url: 'http://localhost:8787',
    installer: 'npm',
  },
]

for (const { what, files, file, added, config, scopes, url, installer } of kinds)
  test(`${what}: three lines are added, the scopes follow from the routes, a second run changes nothing, removing gives every byte back`, async (t) => {
    const directory = await createApp(t, files)
    const { code, stderr, stdout } = await athx(directory, ['--yes', '--json'])
    assert.equal(code, 0, stderr)
    const told = JSON.parse(stdout)
    assert.equal(told.edited, true)
    assert.equal(told.found.file, file)
    assert.equal(told.found.package_manager, installer)
    const after: Files = await readApp(directory)
    assert.deepEqual(addedLines(files[file] ?? '', after[file] ?? ''), added)
    assert.deepEqual(
      Object.fromEntries(
        told.scopes.map((one: { scope: string; routes: string[] }) => [one.scope, one.routes]),
      ),
      scopes,
    )
    const written = after[config] ?? ''
    assert.match(written, /export const athConfig = |module\.exports = \{ athConfig \}/)
    assert.ok(written.includes(`url: '${url}'`), written)
    for (const route of Object.values(scopes).flat()) assert.ok(written.includes(`'${route}'`))
    assert.equal(after['.gitignore'], '.ath/\n')
    const { dependencies } = JSON.parse(after['package.json'] ?? '')
    assert.match(dependencies[server], /^\^\d/)
    assert.deepEqual(Object.keys(dependencies), Object.keys(dependencies).sort())

    const again = await athx(directory, ['--yes'])
    assert.equal(again.code, 0)
    assert.match(again.stderr, /ATH is in this app/)
    assert.equal(again.stdout, '')
    assert.deepEqual(await readApp(directory), after)

    const removal = await athx(directory, ['--remove', '--yes'])
    assert.equal(removal.code, 0, removal.stderr)
    assert.deepEqual(await readApp(directory), files)
    const nothing = await athx(directory, ['--remove', '--yes'])
    assert.match(nothing.stderr, /nothing to remove/)
  })

test('the configuration is named and imported so that the app’s own way to run finds it', async (t) => {
  const app = (framework: string) =>
    `import make from '${framework}'\nconst app = make()\napp.get('/api/notes', list)\n`
  const common = `const app = require('fastify')()\napp.get('/api/notes', list)\n`
  const fastify = { fastify: '5' }
  const module = { type: 'module' }
  for (const [file, text, rest, config, specifier, mount] of [
    ['app.mjs', app('fastify'), {}, 'ath.config.mjs', './ath.config.mjs', 'await app.register'],
    ['app.cjs', common, module, 'ath.config.cjs', './ath.config.cjs', 'app.register'],
    [
      'src/app.mts',
      app('fastify'),
      {},
      'src/ath.config.mts',
      './ath.config.mjs',
      'await app.register',
    ],
    // Compiled to CommonJS.
    ['src/app.ts', app('fastify'), {}, 'src/ath.config.ts', './ath.config', 'app.register'],
    [
      'src/app.ts',
      app('fastify'),
      module,
      'src/ath.config.ts',
      './ath.config.js',
      'await app.register',
    ],
    // Node runs the sources.
    [
      'app.ts',
      app('express'),
      { ...module, scripts: { start: 'node --watch app.ts' } },
      'ath.config.ts',
      './ath.config.ts',
      'app.use',
    ],
  ] as const) {
    const directory = await createApp(t, {
      'package.json': manifest({ ...fastify, express: '5' }, rest),
      [file]: text,
    })
    const { code, stderr } = await athx(directory, ['--yes'])
    assert.equal(code, 0, stderr)
    const after: Files = await readApp(directory)
    assert.ok(after[config], Object.keys(after).join(' '))
    const edited = after[file] ?? ''
    assert.ok(edited.includes(`'${specifier}'`), edited)
    assert.ok(edited.includes(`\n${mount}(ath(athConfig))\n`), edited)
  }
})

test('without a terminal nothing is asked or edited: the diff is printed, as git takes it, and the command that edits', async (t) => {
  const directory = await createApp(t, expressEsm)
  const scopes = [
    '--scopes',
    'products:read,orders:write,refunds:write',
    '--app-id',
    'com.acme.shop',
  ]
  const asked = await athx(directory, scopes)
  assert.equal(asked.code, 2)
  assert.match(
    asked.stderr,
    /to edit: athx init native --scopes products:read,orders:write,refunds:write --app-id com\.acme\.shop --yes/,
  )
  assert.deepEqual(await readApp(directory), expressEsm)
  const dry = await athx(directory, [...scopes, '--dry-run'])
  assert.deepEqual([dry.code, dry.stdout], [0, asked.stdout])
  const git = spawnSync('git', ['apply', '-'], { cwd: directory, input: dry.stdout })
  assert.equal(git.status, 0, String(git.stderr))
  const applied = await readApp(directory)
  assert.match(
    applied['ath.config.js'] ?? '',
    /'refunds:write': \{ description: 'Change refunds' \}/,
  )
  assert.equal(applied['ath.config.js']?.includes('cart:write'), false)
  assert.match(applied['ath.config.js'] ?? '', /appId: 'com\.acme\.shop'/)
  assert.match((await athx(directory, [])).stderr, /nothing to do/)
})

test('a person at the terminal is asked, and only yes edits', async (t) => {
  const directory = await createApp(t, hono)
  const refused = await athx(directory, [], 'n')
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /edit src\/index\.tsx, .*\? \(y\/n\)/)
  assert.deepEqual(await readApp(directory), hono)
  const agreed = await athx(directory, [], 'y')
  assert.equal(agreed.code, 0, agreed.stderr)
  assert.match((await readApp(directory))['src/index.tsx'] ?? '', /app\.use\(ath\(athConfig\)\)/)
})

test('windows line endings and a missing last line break stay as they are', async (t) => {
  const text = `const express = require('express')\r\nconst app = express()\r\napp.get('/api/notes', list)`
  const directory = await createApp(t, {
    'package.json': manifest({ express: '5' }).trimEnd().replaceAll('\n', '\r\n'),
    'index.js': text,
    '.gitignore': 'node_modules',
  })
  const before = await readApp(directory)
  await athx(directory, ['--yes'])
  const after = await readApp(directory)
  assert.equal(
    after['index.js'],
    `const express = require('express')\r\nconst { ath } = require('${server}/express')\r\nconst { athConfig } = require('./ath.config.js')\r\nconst app = express()\r\napp.use(ath(athConfig))\r\napp.get('/api/notes', list)`,
  )
  assert.equal(after['package.json']?.replaceAll('\r\n', '').includes('\n'), false)
  assert.equal(after['.gitignore'], 'node_modules\n.ath/\n')
  await athx(directory, ['--remove', '--yes'])
  assert.deepEqual({ ...(await readApp(directory)), '.gitignore': 'node_modules' }, before)
})

test('what is not understood is not edited: the lines and the place are printed, with an exit code of its own', async (t) => {
  const chained = `import { Hono } from 'hono'\nconst app = new Hono().get('/api/notes', (c) => c.json([]))\nexport default app\n`
  const taken = `import express from 'express'\nimport { ath } from './other.js'\nconst app = express()\napp.get('/api/notes', ath)\n`
  const crowded = `import express from 'express'\nconst app = express(); app.get('/api/notes', list)\n`
  const anonymous = `const app = build(require('express')())\nrequire('express')().get('/api/notes', list)\n`
  for (const [text, why, line] of [
    [chained, /not held by a variable/, `import { ath } from '${server}/hono'`],
    [taken, /`ath` is a name/, `app.use(ath(athConfig))`],
    [crowded, /other code is on the line/, `import { athConfig } from './ath.config.js'`],
    [anonymous, /several apps|not held by a variable/, ''],
  ] as const) {
    const directory = await createApp(t, {
      'package.json': manifest({ hono: '4', express: '5' }, { type: 'module' }),
      'app.js': text,
    })
    const { code, stderr } = await athx(directory, ['--yes'])
    assert.match(stderr, why)
    assert.ok(stderr.includes(line), stderr)
    assert.equal((await readApp(directory))['app.js'], text)
    assert.equal(code, text === anonymous ? 3 : 9)
  }
})

test('guards that were added by hand keep ATH from being taken out half', async (t) => {
  const directory = await createApp(t, {
    'package.json': manifest({ express: '5' }, { type: 'module' }),
    'app.js': `import express from 'express'
import { ath } from '${server}/express'
import { athConfig } from './ath.config.js'
const app = express()
const agents = ath(athConfig)
app.use(agents)
app.post('/api/orders', agents.requireScope('orders:write'), list)
`,
    'ath.config.js': 'export const athConfig = {}\n',
  })
  const before = await readApp(directory)
  const again = await athx(directory, ['--dry-run'])
  assert.equal(again.stdout.includes('app.js'), false)
  const { code, stderr } = await athx(directory, ['--remove', '--yes'])
  assert.equal(code, 9, stderr)
  assert.match(stderr, /requireScope/)
  assert.deepEqual(await readApp(directory), before)
})

test('of several apps the one that package.json starts is taken, or the one that is named', async (t) => {
  const app = (port: number) =>
    `import express from 'express'\nconst app = express()\napp.get('/api/notes', list)\napp.listen(${port})\n`
  const files = { 'a.js': app(1001), 'b.js': app(1002) }
  const started = await createApp(t, {
    'package.json': manifest(
      { express: '5' },
      { type: 'module', scripts: { start: 'node ./b.js' } },
    ),
    ...files,
  })
  assert.match((await athx(started, ['--dry-run'])).stdout, /\+\+\+ b\/b\.js[^]*localhost:1002/)
  const unclear = await createApp(t, {
    'package.json': manifest({ express: '5' }, { type: 'module' }),
    ...files,
  })
  const { code, stderr } = await athx(unclear, ['--dry-run'])
  assert.equal(code, 3)
  assert.match(stderr, /a\.js \(express\), b\.js \(express\)[^]*--file/)
  assert.match((await athx(unclear, ['--dry-run', '--file', './a.js'])).stdout, /localhost:1001/)
})

test('a folder without an app, or without routes for agents, is told what to do', async (t) => {
  const bare = await createApp(t, { 'package.json': manifest({}) })
  assert.match((await athx(bare, [])).stderr, /no Express, Fastify or Hono app/)
  const none = await createApp(t, {})
  assert.match((await athx(none, [])).stderr, /no package\.json/)
  const closed = await createApp(t, {
    'package.json': manifest({ express: '5' }, { type: 'module' }),
    'app.js': `import express from 'express'\nconst app = express()\napp.get('/health', list)\n`,
  })
  const { code, stderr } = await athx(closed, [])
  assert.equal(code, 3)
  assert.match(stderr, /--scopes products:read,cart:write/)
})
