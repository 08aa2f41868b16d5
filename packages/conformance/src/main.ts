#!/usr/bin/env node
import process from 'node:process'
import { runCommand } from './command.ts'

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

process.exitCode = await runCommand(process.argv.slice(2), {
  stdin: process.stdin,
  env: process.env,
  say: (line) => void process.stderr.write(`${line}\n`),
  write: (text) => void process.stdout.write(text),
})
