#!/usr/bin/env node
import { homedir } from 'node:os'
import process from 'node:process'
import type { Io } from './io.ts'
import { readVersion } from './version-number.ts'

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interruption.abort(new Error('interrupted')))

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  talksToPerson: process.stderr.isTTY && process.env['TERM'] !== 'dumb' && !process.env['CI'],
  printsToTerminal: process.stdout.isTTY,
  env: process.env,
  homeDir: homedir(),
  cwd: process.cwd(),
  interrupted: interruption.signal,
  nodeVersion: process.versions.node,
  now: () => Date.now() / 1000,
}
const argv = process.argv.slice(2)
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`${readVersion()}\n`)
else {
  const { run } = await import('./run.ts')
  process.exitCode = await run(argv, io)
}
