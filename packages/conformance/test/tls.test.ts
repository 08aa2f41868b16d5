import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { createTestCertificate } from '@sallyport/testing'
import { exportJWK, generateKeyPair } from 'jose'
import { transport } from '../src/checks/transport.ts'
import { runCommand } from '../src/command.ts'
import { createSubject } from '../src/subject/subject.ts'
import { createRecorder } from '../src/wire/evidence.ts'
import type { Send } from '../src/wire/http.ts'

const certificate = createTestCertificate(['127.0.0.1'])

/** What a check says of a server with these TLS settings, which answers everything with 200. */
async function ask(t: TestContext, id: string, options: ServerOptions) {
  const server = createServer({ ...certificate, ...options }, (_request, response) => {
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { publicKey } = await generateKeyPair('ES256')
  const discovery = {
    handshake_endpoint: `${base}/ath/handshake`,
    server_did: 'did:ath:server',
    server_jwk: await exportJWK(publicKey),
  }
  // Discovery as it would come; the certificate of this test is nobody's that `fetch` trusts.
  const send: Send = async () => ({
    status: 200,
    headers: new Headers(),
    text: '',
    json: discovery,
  })
  const subject = createSubject({
    base,
    mode: 'gateway',
    call: { method: 'GET', path: '/' },
    isCallGiven: true,
    refusedCall: { method: 'DELETE', path: '/' },
    patienceSeconds: 1,
    send,
    recorder: createRecorder(),
  })
  const check = transport.find((one) => one.id === id)
  assert.ok(check)
  return check.ask(subject)
}

const old: ServerOptions = { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }

test('a server that still takes TLS 1.1 is caught, one that does not passes', async (t) => {
  assert.equal((await ask(t, 'tls-required', old)).outcome, 'failed')
  assert.equal((await ask(t, 'tls-required', { minVersion: 'TLSv1.2' })).outcome, 'passed')
})

test('a server whose handshake is spoken over TLS 1.2 is caught, one that needs 1.3 passes', async (t) => {
  assert.equal((await ask(t, 'handshake-tls', { minVersion: 'TLSv1.2' })).outcome, 'failed')
  assert.equal((await ask(t, 'handshake-tls', { minVersion: 'TLSv1.3' })).outcome, 'passed')
})

test('a server of an authority that nobody knows is checked when the run is told to trust it', async (t) => {
  const { cert } = certificate
  const server = createServer(certificate, (_request, response) => {
    response.end(JSON.stringify({ ath_version: '0.1' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  t.after(() => {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  })
  const ca = join(folder, 'ca.pem')
  writeFileSync(ca, cert)
  const run = async (...more: readonly string[]) => {
    let said = ''
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const code = await runCommand(['--url', url, '--only', 'R6,R114', ...more], {
      stdin: Readable.from([]),
      env: {},
      say: (line) => void (said += line),
      write: (text) => void (said += text),
    })
    return { code, said }
  }
  const stranger = await run()
  assert.equal(stranger.code, 3)
  assert.match(stranger.said, /Give it as --ca/)
  const known = await run('--ca', ca)
  assert.equal(known.code, 0, known.said)
  assert.match(known.said, /2 passed, 0 failed, 0 skipped/)
  assert.equal((await run()).code, 3, 'the next run trusts it no more')
})
