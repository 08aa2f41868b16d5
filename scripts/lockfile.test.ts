import assert from 'node:assert/strict'
import test from 'node:test'
import { missingBinaries, readLockfile } from './lockfile.ts'

test('the lockfile names the binaries of every platform, so that npm ci takes it anywhere', () => {
  const missing = Object.keys(missingBinaries(readLockfile()))
  assert.deepEqual(missing, [], 'run `node scripts/run.mjs scripts/lockfile.ts`')
})

test('a binary that the lockfile lacks is found, with the platform it is for', () => {
  const lockfile = {
    packages: {
      'node_modules/tool': {
        version: '1.2.3',
        dev: true,
        optionalDependencies: { '@tool/linux-arm64-musl': '1.2.3', '@tool/win32-x64': '1.2.3' },
      },
      'node_modules/@tool/win32-x64': { version: '1.2.3' },
    },
  }
  assert.deepEqual(missingBinaries(lockfile), {
    'node_modules/@tool/linux-arm64-musl': {
      version: '1.2.3',
      os: ['linux'],
      cpu: ['arm64'],
      libc: ['musl'],
      dev: true,
      optional: true,
    },
  })
})
