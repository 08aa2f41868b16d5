import assert from 'node:assert/strict'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { createTestCertificate } from '@sallyport/testing'
import { exportJWK, generateKeyPair } from 'jose'
import { transport } from '../src/checks/transport.ts'
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
