import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { get, request, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createTestCertificate } from '@sallyport/testing'
import { createFolder } from './data-folder.ts'
import { openWholeGateway, type WholeGateway } from './gateway.ts'

const folder = createFolder()
const server = createTestCertificate(['127.0.0.1'])
const agent = createTestCertificate(['agent.example'])
const stranger = createTestCertificate(['stranger.example'])
const file = (name: string, text: string): string => {
  const path = join(folder.dir, name)
  writeFileSync(path, text)
  return path
}
let plain: WholeGateway
let mutual: WholeGateway

before(async () => {
  const tls = `cert: ${file('cert.pem', server.cert)}, key: ${file('key.pem', server.key)}`
  plain = await openWholeGateway(() => `{ version: 1, gateway: { listen: { tls: { ${tls} } } } }`)
  const client = `client_ca: ${file('agents.pem', agent.cert)}`
  mutual = await openWholeGateway(
    () => `{ version: 1, gateway: { listen: { tls: { ${tls}, ${client} } } } }`,
  )
})
after(async () => {
  await plain.close()
  await mutual.close()
  folder.remove()
})

const reach = (gateway: WholeGateway, options: RequestOptions = {}): Promise<number> =>
  new Promise((done, failed) => {
    const url = `${gateway.url}/.well-known/ath.json`
    get(url, { ca: server.cert, agent: false, ...options }, (response) => {
      response.resume()
      done(response.statusCode ?? 0)
    }).once('error', failed)
  })

test('[R114] TLS 1.2 and later are spoken, earlier versions and plain text are not', async () => {
  assert.ok(plain.url.startsWith('https://'))
  assert.equal(await reach(plain, { minVersion: 'TLSv1.3' }), 200)
  assert.equal(await reach(plain, { maxVersion: 'TLSv1.2' }), 200)
  await assert.rejects(reach(plain, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }))
  await assert.rejects(fetch(plain.url.replace('https:', 'http:')))
})

/** Says something to the handshake endpoint, and reads why it is refused. */
const greet = (options: RequestOptions): Promise<{ readonly status: number; reason: unknown }> =>
  new Promise((done, failed) => {
    const url = `${plain.url}/ath/handshake`
    const headers = { 'content-type': 'application/json' }
    const call = { method: 'POST', ca: server.cert, agent: false, headers, ...options } as const
    request(url, call, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => {
        const { details } = JSON.parse(text) as { details?: { reason?: unknown } }
        done({ status: response.statusCode ?? 0, reason: details?.reason })
      })
    })
      .once('error', failed)
      .end(options.method === 'GET' ? undefined : '{"type":"handshake_request"}')
  })

test('[D2] the messages of the nine-step handshake are taken over TLS 1.3 alone', async () => {
  const old = await greet({ maxVersion: 'TLSv1.2' })
  assert.deepEqual(old, { status: 400, reason: 'tls_too_old' })
  const read = await greet({ minVersion: 'TLSv1.3' })
  assert.equal(read.status, 400)
  assert.notEqual(read.reason, 'tls_too_old')
  const polled = { method: 'GET', path: '/ath/handshake/ath_hs_1' } as const
  assert.deepEqual(await greet({ ...polled, maxVersion: 'TLSv1.2' }), old)
  assert.equal((await greet({ ...polled, minVersion: 'TLSv1.3' })).status, 404)
})

test('[R115] with a client CA only callers with its certificate get in', async () => {
  assert.equal(await reach(mutual, { cert: agent.cert, key: agent.key }), 200)
  await assert.rejects(reach(mutual))
  await assert.rejects(reach(mutual, { cert: stranger.cert, key: stranger.key }))
})
