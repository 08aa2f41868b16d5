import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { createCommand, type Options } from './options.ts'
import { prepare } from './prepare.ts'

async function settingsOf(...argv: readonly string[]) {
  const command = createCommand()
  command.parse(['--url', 'http://127.0.0.1:1', '--mode', 'native', ...argv], { from: 'user' })
  const around = { stdin: Readable.from([]), env: {}, say: () => undefined }
  const { settings, close } = await prepare(
    command.opts<Options & Record<string, unknown>>(),
    around,
  )
  await close()
  return settings
}

test('without --call the call is a guess, also when the one given is the same', async () => {
  const root = { method: 'GET', path: '/' }
  const guessed = await settingsOf()
  assert.deepEqual([guessed.call, guessed.isCallGiven], [root, false])
  const given = await settingsOf('--call', 'GET /')
  assert.deepEqual([given.call, given.isCallGiven], [root, true])
})
