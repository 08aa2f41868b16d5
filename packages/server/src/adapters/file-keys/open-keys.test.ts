import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { createSeededRandom, createVirtualClock } from '@sallyport/testing'
import { StartError } from '../start-error.ts'
import { openKeys } from './open-keys.ts'

describe('openKeys', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))
  })
  afterEach(() => rmSync(root, { recursive: true }))

  const dir = () => join(root, 'keys')
  const storeFile = () => join(root, 'store.db')
  const random = createSeededRandom()
  const open = () =>
    openKeys({ dir: dir(), protects: [storeFile()], clock: createVirtualClock(), random })
  const refused = (pattern: RegExp) =>
    assert.throws(open, (error) => {
      assert.ok(error instanceof StartError, String(error))
      assert.match(error.message, pattern)
      return true
    })

  test('makes the keys for a new data directory, for their owner only', () => {
    open()
    assert.deepEqual(readdirSync(dir()).toSorted(), [
      'assertion.key',
      'audit.key',
      'handshake.key',
      'manifest.json',
      'store.key',
      'token.key',
    ])
    assert.equal(statSync(dir()).mode & 0o777, 0o700)
    for (const name of readdirSync(dir()))
      assert.equal(statSync(join(dir(), name)).mode & 0o777, 0o600, name)
  })

  test('opens the same keys again', () => {
    const [before, after] = [open(), open()]
    assert.equal(after.seal.open(before.seal.seal('secret', 'c'), 'c'), 'secret')
    assert.deepEqual(after.signer('audit').publicJwk(), before.signer('audit').publicJwk())
  })

  test('each purpose has a key of its own, named for it and the day it was made', () => {
    const keys = open()
    const [audit, assertion] = [keys.signer('audit'), keys.signer('assertion')]
    const all = (['audit', 'assertion', 'handshake', 'token'] as const).map(keys.signer)
    assert.equal(new Set(all.map((signer) => signer.publicJwk().x)).size, 4)
    assert.match(audit.kid, /^audit-2026-11-22-[\w-]{6}$/)
    assert.match(assertion.kid, /^assertion-2026-11-22-[\w-]{6}$/)
    assert.deepEqual(Object.keys(audit.publicJwk()).toSorted(), [
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
      'y',
    ])
  })

  test('signs ES256 in r‖s form, whatever the length of r and s', async () => {
    const signer = open().signer('assertion')
    const key = createPublicKey({ key: { ...signer.publicJwk() }, format: 'jwk' })
    // One signature in 128 has an r or s with a leading zero byte.
    for (let count = 0; count < 1000; count++) {
      const input = Buffer.from(`message ${count}`)
      const signature = await signer.sign(input)
      assert.equal(signature.length, 64)
      assert.ok(verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature))
    }
  })

  test('no private key lies in clear in the key files', () => {
    open()
    for (const name of ['audit.key', 'assertion.key', 'handshake.key', 'token.key'])
      assert.match(readFileSync(join(dir(), name), 'utf8'), /^v1\.[\w-]{8}\.[\w-]+\n$/)
  })

  test('a missing key is an error that says so, never a new key, once there is a store', () => {
    open()
    writeFileSync(storeFile(), '')
    for (const name of ['store.key', 'audit.key', 'assertion.key', 'handshake.key', 'token.key']) {
      const text = readFileSync(join(dir(), name))
      rmSync(join(dir(), name))
      refused(new RegExp(`${name} is missing[\\s\\S]*Fix: restore .*${name} from its backup`))
      assert.ok(!readdirSync(dir()).includes(name))
      writeFileSync(join(dir(), name), text, { mode: 0o600 })
    }
    open()
    rmSync(dir(), { recursive: true })
    refused(/store\.key is missing/)
  })

  test('a first start that was killed half way goes on where it stopped', () => {
    const before = open()
    rmSync(join(dir(), 'assertion.key'))
    const after = open()
    assert.equal(after.signer('audit').kid, before.signer('audit').kid)
    assert.ok(after.signer('assertion').kid)
  })

  /** A folder as a version before the nine-step handshake left it. */
  const makeOld = () => {
    const { signer } = open()
    for (const name of ['handshake.key', 'token.key', 'manifest.json']) rmSync(join(dir(), name))
    writeFileSync(storeFile(), '')
    return signer
  }
  const lose = (...names: readonly string[]) => {
    for (const name of names) rmSync(join(dir(), name))
  }

  test('[U1] [U9] a data folder from before a purpose existed gets a key for it, once', () => {
    const signer = makeOld()
    const upgraded = open()
    assert.equal(upgraded.signer('audit').kid, signer('audit').kid)
    assert.equal(upgraded.signer('assertion').kid, signer('assertion').kid)
    const again = open()
    for (const purpose of ['handshake', 'token'] as const)
      assert.equal(again.signer(purpose).kid, upgraded.signer(purpose).kid)
    lose('handshake.key')
    refused(/handshake\.key is missing/)
  })

  test('an upgrade that was killed after any of its writes goes on where it stopped', () => {
    const signer = makeOld()
    const manifest = join(dir(), 'manifest.json')
    const before = JSON.stringify({ purposes: ['audit', 'assertion'] })
    open()
    writeFileSync(manifest, before, { mode: 0o600 })
    lose('token.key', 'handshake.key')
    const { kid } = open().signer('handshake')
    writeFileSync(manifest, before)
    lose('token.key')
    const after = open()
    assert.equal(after.signer('handshake').kid, kid)
    assert.equal(after.signer('audit').kid, signer('audit').kid)
    lose('token.key')
    refused(/token\.key is missing/)
  })

  test('[U4] a lost handshake or token key is an error that says what a new one would cost, and how to have it', () => {
    open()
    writeFileSync(storeFile(), '')
    for (const [name, cost] of [
      ['handshake', /has another DID/],
      ['token', /tokens of live sessions end/],
    ] as const) {
      const { kid } = open().signer(name)
      lose(`${name}.key`)
      refused(cost)
      const others = ['audit', 'assertion', 'handshake', 'token'].filter((other) => other !== name)
      const text = JSON.stringify({ purposes: others })
      assert.throws(open, ({ message }: Error) => message.includes(`write ${text} into`))
      writeFileSync(join(dir(), 'manifest.json'), text)
      assert.notEqual(open().signer(name).kid, kid)
    }
  })

  test('a lost manifest is written anew, and hides no lost key while one newer key is there', () => {
    open()
    writeFileSync(storeFile(), '')
    lose('manifest.json')
    open()
    assert.ok(readdirSync(dir()).includes('manifest.json'))
    for (const name of ['handshake.key', 'token.key', 'audit.key', 'assertion.key']) {
      const text = readFileSync(join(dir(), name))
      lose('manifest.json', name)
      refused(new RegExp(`${name} is missing`))
      writeFileSync(join(dir(), name), text, { mode: 0o600 })
      open()
    }
  })

  test('audit and assertion keys are never made anew in a folder in use, whatever the manifest says', () => {
    makeOld()
    writeFileSync(join(dir(), 'manifest.json'), '{"purposes":[]}', { mode: 0o600 })
    lose('audit.key')
    refused(/audit\.key is missing/)
  })

  test('a damaged manifest is refused, with what to write into it', () => {
    open()
    for (const damaged of ['', '{', '[]', 'null', '{"purposes":"audit"}']) {
      writeFileSync(join(dir(), 'manifest.json'), damaged)
      refused(/manifest\.json is damaged[\s\S]*write \{"purposes":\["audit",/)
    }
  })

  test('a key file or folder that others may read is refused, with the chmod that mends it', () => {
    open()
    for (const mode of [0o640, 0o604, 0o644, 0o660]) {
      const file = join(dir(), 'store.key')
      chmodSync(file, mode)
      refused(new RegExp(`mode ${mode.toString(8)}\\)\\nFix: chmod 600 ${file}`))
      chmodSync(file, 0o600)
    }
    chmodSync(dir(), 0o755)
    refused(new RegExp(`Fix: chmod 700 ${dir()}`))
  })

  test('damaged key files are refused, with what to do', () => {
    open()
    const master = join(dir(), 'store.key')
    const text = readFileSync(master, 'utf8')
    for (const damaged of ['', '\n', 'abc\n', `${text.slice(0, 20)}\n`, `${text}junk\n`]) {
      writeFileSync(master, damaged)
      refused(/is damaged|is empty/)
    }
    writeFileSync(master, `${Buffer.alloc(32, 9).toString('base64url')}\n`)
    refused(/does not open with the master key beside it/)
    writeFileSync(master, text)
    const swapped = readFileSync(join(dir(), 'assertion.key'))
    writeFileSync(join(dir(), 'audit.key'), swapped)
    refused(/audit\.key does not open/)
  })

  test('a new master key goes first: it seals, and the old one still opens', () => {
    const before = open()
    const sealed = before.seal.seal('secret', 'c')
    const master = join(dir(), 'store.key')
    const added = Buffer.alloc(32, 3).toString('base64url')
    writeFileSync(master, `${added}\n${readFileSync(master, 'utf8')}`)
    const after = open()
    assert.equal(after.seal.open(sealed, 'c'), 'secret')
    assert.equal(after.signer('audit').kid, before.signer('audit').kid)
    assert.throws(() => before.seal.open(after.seal.seal('secret', 'c'), 'c'), /which is gone/)
  })
})
