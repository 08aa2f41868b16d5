import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))))

/** An app as its developer writes it; each line that ends in `// wrong` has a scope that the app does not have. */
const app = `import express from 'express'
import { defineAth } from '@ath-protocol/server'
import { ath } from '@ath-protocol/server/express'

const athConfig = defineAth({
  url: 'http://localhost:3000',
  appId: 'com.acme.shop',
  scopes: { 'orders:read': ['GET /api/orders'], 'orders:write': { description: 'Place orders' } },
  devIdp: true,
  agents: [
    { domain: 'good.example', allow: ['orders:read'] },
    { domain: 'bad.example', allow: ['orders:raed'] }, // wrong
  ],
})
declare module '@ath-protocol/server' {
  interface AthRegister {
    scopes: typeof athConfig.scopes
  }
}
const agents = ath(athConfig)
const server = express()
server.use(agents)
server.get('/a', agents.requireScope('orders:read'), (req, res) => {
  res.json({ mayOrder: req.ath?.scopes.has('orders:write'), by: req.ath?.agent.name })
})
server.post('/b', agents.requireScope('orders:wirte'), (_req, res) => void res.end()) // wrong
server.get('/c', (req, res) => void res.json(req.ath?.scopes.has('order:read'))) // wrong
server.get('/d', (req, res) => void res.json(req.ath?.scope === 'orders')) // wrong
`

test('a misspelt scope does not compile: in a rule, in a guard, in a handler', async (t) => {
  const folder = await mkdtemp(join(root, 'packages/server/test/native/.types-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'app.ts'), app)
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        noEmit: true,
        composite: false,
        incremental: false,
        customConditions: ['sallyport-source'],
      },
      include: ['app.ts'],
    }),
  )
  const output = await new Promise<string>((resolve) => {
    execFile(
      join(root, 'node_modules/.bin/tsc'),
      ['-p', folder, '--pretty', 'false'],
      (_, stdout) => resolve(stdout),
    )
  })
  const found = [...output.matchAll(/app\.ts\((\d+),/g)].map(([, line]) => Number(line))
  const wrong = app
    .split('\n')
    .flatMap((line, index) => (line.endsWith('// wrong') ? [index + 1] : []))
  assert.deepEqual(
    [...new Set(found)].sort((a, b) => a - b),
    wrong,
    output,
  )
})
