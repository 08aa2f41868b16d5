import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadDriver } from './load-driver.ts'
import { StartError } from './start-error.ts'

test('a driver that is not installed is named, with the command that installs it', async () => {
  const missing = 'a-driver-that-nobody-installed'
  await assert.rejects(
    loadDriver(missing, () => import(missing)),
    (error) =>
      error instanceof StartError &&
      /needs the package a-driver-[\s\S]*Fix: run `npm install a-driver-/.test(error.message),
  )
})

test('a driver that is installed but broken says how itself', async () => {
  const broken = new SyntaxError('broken')
  await assert.rejects(
    loadDriver('pg', () => Promise.reject(broken)),
    broken,
  )
})
