// Starts a TypeScript entry of the workspace on the workspace's own Node, installing dependencies first
// when they are missing or the lockfile changed. Runs on any Node >= 20.19 and imports nothing but Node's own modules.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.sallyport-lock')
const runtime = join(modules, '.bin', 'node')

/** Whether what is installed is what the lockfile says: by our own stamp, else by npm's list of what it installed. */
function isInstalled(lockfile, digest) {
  if (!existsSync(runtime)) return false
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return true
  const listed = join(modules, '.package-lock.json')
  if (!existsSync(listed)) return false
  const installed = JSON.parse(readFileSync(listed, 'utf8')).packages
  const wanted = Object.entries(JSON.parse(lockfile).packages)
  return wanted.every(
    ([path, { version, optional }]) =>
      !path.includes('node_modules') || optional || installed[path]?.version === version,
  )
}

function install() {
  process.stderr.write('sallyport: installing dependencies (npm ci), once per lockfile ...\n')
  const npm = process.env.npm_execpath
  const [command, args] = npm ? [process.execPath, [npm, 'ci']] : ['npm', ['ci']]
  // stdout belongs to the command that follows (`--json`), so the install talks on stderr only.
  const done = spawnSync(command, [...args, '--no-progress', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, NODE_ENV: '' },
  })
  if (done.status === 0 && existsSync(runtime)) return
  process.stderr.write(
    'sallyport: `npm ci` failed. Tried: installing the locked dependencies with npm.\n' +
      'Fix: check that the npm registry can be reached (`npm ping`) and that no other terminal installs at this\n' +
      'moment, then run the same command again.\n',
  )
  process.exit(1)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `sallyport: Node ${process.versions.node} is too old. Fix: install Node >= 20.19.\n`,
  )
  process.exit(1)
}
const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8')
const digest = createHash('sha256').update(lockfile).digest('hex')
if (!isInstalled(lockfile, digest)) install()
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) writeFileSync(stamp, digest)

const [entry, ...args] = process.argv.slice(2)
const child = spawn(runtime, ['--conditions=sallyport-source', join(root, entry), ...args], {
  stdio: 'inherit',
  env: { ...process.env, PATH: `${join(modules, '.bin')}:${process.env.PATH}` },
})
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
for (const signal of signals)
  process.on(signal, () => {
    // Ctrl-C at a terminal reaches the child by itself; a second one would cut its shutdown short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  })
child.on('exit', (code, signal) => {
  if (!signal) process.exit(code ?? 1)
  for (const handled of signals) process.removeAllListeners(handled)
  process.kill(process.pid, signal)
})
