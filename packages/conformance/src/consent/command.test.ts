import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { Unavailable } from '../check/verdict.ts'
import { commandConsent } from './command.ts'
import { printConsent } from './print.ts'

const url = 'http://127.0.0.1/ath/authorize/x?a=1&b=$(id)'

test('the command gets the address and the answer as they are, without a shell', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const program = join(folder, 'answer.mjs')
  const told = join(folder, 'told.json')
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs'
writeFileSync(process.argv[2], JSON.stringify(process.argv.slice(3)))`,
  )
  const consent = commandConsent(`${process.execPath} ${program} ${told} {url} {approve|deny}`)
  await consent.answer(url, 'deny')
  assert.deepEqual(JSON.parse(readFileSync(told, 'utf8')), [url, 'deny'])
})

test('a command that fails, or is not there, is nobody who answered', async () => {
  await assert.rejects(commandConsent('false {url}').answer(url, 'approve'), Unavailable)
  await assert.rejects(commandConsent('/no/such/program').answer(url, 'approve'), Unavailable)
})

test('a person at the terminal is told what to open, and waited for until Enter', async () => {
  const input = new PassThrough()
  const said: string[] = []
  const answered = printConsent(input, (line) => void said.push(line)).answer(url, 'approve')
  assert.match(said.join('\n'), /approve[\s\S]*http:\/\/127\.0\.0\.1\/ath/)
  input.write('\n')
  await answered
})
