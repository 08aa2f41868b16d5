import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { machineNode } from './packed/machine.ts'
import { inRoot } from './workspace.ts'

/** A clone in small: the launcher, a lockfile, an entry, and an npm whose `ci` links this Node as the runtime. */
function createClone(t: TestContext, entry: string): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-run-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'scripts'))
  writeFileSync(join(folder, 'scripts/run.mjs'), readFileSync(inRoot('scripts/run.mjs')))
  writeFileSync(join(folder, 'package-lock.json'), '{"packages":{}}')
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(join(folder, 'entry.ts'), entry)
  writeFileSync(
    join(folder, 'npm.cjs'),
    `const fs = require('node:fs')
     console.log('npm talks')
     fs.appendFileSync('installs', process.argv[2] + '\\n')
     if (fs.existsSync('broken')) process.exit(1)
     fs.mkdirSync('node_modules/.bin', { recursive: true })
     if (!fs.existsSync('node_modules/.bin/node'))
       fs.symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/.bin/node')`,
  )
  return { folder }
}

interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

function start(folder: string, ...args: readonly string[]): ChildProcess {
  return spawn(machineNode, ['scripts/run.mjs', 'entry.ts', ...args], {
    cwd: folder,
    env: { ...process.env, npm_execpath: join(folder, 'npm.cjs'), NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finish(child: ChildProcess): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => (stdout += chunk))
  child.stderr?.on('data', (chunk) => (stderr += chunk))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}

const installs = (folder: string) => readFileSync(join(folder, 'installs'), 'utf8')

test('a fresh clone installs once, and stdout carries only what the program says', async (t) => {
  const { folder } = createClone(t, `console.log(JSON.stringify(process.argv.slice(2)))`)
  const first = await finish(start(folder, '--json', 'a b'))
  assert.equal(first.stdout, '["--json","a b"]\n')
  assert.equal(first.code, 0)
  assert.match(first.stderr, /installing dependencies[\s\S]*npm talks/)
  const second = await finish(start(folder))
  assert.equal(second.stderr, '')
  assert.equal(installs(folder), 'ci\n')
})

test('a changed lockfile is installed again', async (t) => {
  const { folder } = createClone(t, '')
  await finish(start(folder))
  writeFileSync(
    join(folder, 'package-lock.json'),
    '{"packages":{"node_modules/x":{"version":"1.0.0"}}}',
  )
  await finish(start(folder))
  assert.equal(installs(folder), 'ci\nci\n')
})

test('a changed lockfile that npm has installed already is not installed again', async (t) => {
  const { folder } = createClone(t, '')
  await finish(start(folder))
  const packages = { 'node_modules/x': { version: '1.0.0' } }
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      packages: { ...packages, 'node_modules/y': { version: '1.0.0', optional: true } },
    }),
  )
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
  await finish(start(folder))
  assert.equal(installs(folder), 'ci\n')
})

test('a failed install says what to do and starts nothing', async (t) => {
  const { folder } = createClone(t, `console.log('started')`)
  writeFileSync(join(folder, 'broken'), '')
  const ran = await finish(start(folder))
  assert.equal(ran.code, 1)
  assert.equal(ran.stdout, '')
  assert.match(ran.stderr, /Fix: check that the npm registry can be reached/)
})

test('the exit code of the program is the exit code of the command', async (t) => {
  const { folder } = createClone(t, `process.exit(7)`)
  assert.equal((await finish(start(folder))).code, 7)
})

test('SIGTERM reaches the program, which ends in its own way', async (t) => {
  const { folder } = createClone(
    t,
    `process.on('SIGTERM', () => { console.log('drained'); process.exit(3) })
     setInterval(() => {}, 1000)
     console.log('ready')`,
  )
  const child = start(folder)
  const done = finish(child)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  child.kill('SIGTERM')
  const ran = await done
  assert.equal(ran.stdout, 'ready\ndrained\n')
  assert.equal(ran.code, 3)
})

test('a program that dies of a signal is seen to die of it', async (t) => {
  const { folder } = createClone(
    t,
    `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)`,
  )
  assert.equal((await finish(start(folder))).signal, 'SIGTERM')
})

test('the launcher imports nothing that an install would have to bring', () => {
  const source = readFileSync(inRoot('scripts/run.mjs'), 'utf8')
  const imports = [...source.matchAll(/from '([^']+)'/g)].map((match) => match[1])
  assert.ok(imports.length > 0)
  assert.deepEqual(
    imports.filter((name) => !name?.startsWith('node:')),
    [],
  )
})
